# The table and the JSON file of compare.sh, from lines "PLACEMENT WORKLOAD PEER MODE REPETITION VALUE".

function sorted(list, count,    i, j, value) {
    for (i = 2; i <= count; i++) {
        value = list[i]
        for (j = i - 1; j >= 1 && list[j] > value; j--) list[j + 1] = list[j]
        list[j + 1] = value
    }
}

function middle(list, count) {
    sorted(list, count)
    return count % 2 ? list[(count + 1) / 2] : (list[count / 2] + list[count / 2 + 1]) / 2
}

# The median of a series (least and most beside it), 0 when there is none.
function median(series,    list, count, i, result) {
    count = 0
    for (i = 1; i <= repeats; i++) if ((series, i) in value) list[++count] = value[series, i]
    if (count == 0) return 0
    result = middle(list, count)
    least = list[1]
    most = list[count]
    return result
}

# The median of the ratios of each repetition.
function ratio(ours, theirs,    list, count, i) {
    count = 0
    for (i = 1; i <= repeats; i++)
        if ((ours, i) in value && (theirs, i) in value) list[++count] = value[ours, i] / value[theirs, i]
    return count ? middle(list, count) : 0
}

function better(a, b, workload) { return b == 0 || (less_is_better[workload] ? a < b : a > b) }

# The best mode of a peer, "" when it did nothing of this kind.
function best_mode(placement, workload, peer,    list, count, i, found, figure, best) {
    found = ""
    best = 0
    count = split(modes[workload, peer], list, " ")
    for (i = 1; i <= count; i++) {
        figure = median(placement SUBSEP workload SUBSEP peer SUBSEP list[i])
        if (figure > 0 && better(figure, best, workload)) {
            best = figure
            found = list[i]
        }
    }
    return found
}

function shown(figure, workload) {
    return less_is_better[workload] ? sprintf("%.0f", figure) : sprintf("%.2f", figure / 1e6)
}

function row(placement, workload,    i, mode, series, figure, best, ours, theirs, name, quotient, ahead) {
    printf "  %-34s", title[workload]
    best = 0
    ours = theirs = ""
    for (i = 1; i <= peer_count; i++) {
        mode = best_mode(placement, workload, peer[i])
        series = placement SUBSEP workload SUBSEP peer[i] SUBSEP mode
        figure = mode == "" ? 0 : median(series)
        printf " %17s", mode == "" ? "-" : shown(figure, workload) (mode == "plain" ? "" : " " mode)
        if (mode == "") continue
        if (i == 1) {
            ours = series
        } else if (better(figure, best, workload)) {
            best = figure
            theirs = series
            name = peer[i]
        }
    }
    if (ours != "" && theirs != "") {
        quotient = ratio(ours, theirs)
        ahead = less_is_better[workload] ? quotient < 1 : quotient > 1
        printf "   %5.2f of %s: %s", quotient, name, ahead ? "ahead" : "behind"
        ratios = ratios sprintf("%s    {\"placement\": \"%s\", \"workload\": \"%s\", \"best_peer\": \"%s\", " \
            "\"ours_to_best\": %.4f, \"ahead\": %s}", ratios == "" ? "" : ",\n", placement, workload, name,
            quotient, ahead ? "true" : "false")
    }
    printf "\n"
}

# One figure beside another, and what the ratio is to be at least; 0: nothing is promised of it.
function aim(what, ours, theirs, least_ratio,    quotient, met) {
    quotient = ratio(ours, theirs)
    if (quotient == 0) return
    met = quotient >= least_ratio
    if (aims == "") printf "\n  %-72s %8s\n", "other ratios", "ratio"
    printf "  %-72s %8.2f", what, quotient
    if (least_ratio > 0) printf "   at least %.1f: %s", least_ratio, met ? "met" : "missed"
    printf "\n"
    aims = aims sprintf("%s    {\"aim\": \"%s\", \"ratio\": %.4f, \"at_least\": %.2f, \"met\": %s}",
        aims == "" ? "" : ",\n", what, quotient, least_ratio, met ? "true" : "false")
}

function ours(placement, workload, mode) { return placement SUBSEP workload SUBSEP "airssys" SUBSEP mode }

function components(placement, workload) { return placement SUBSEP workload SUBSEP "rusm-wasm" SUBSEP "comp" }

# A rate that others say they reach, as if it had been measured in every repetition.
function claim(rate,    i) {
    for (i = 1; i <= repeats; i++) value["claim", i] = rate
    return "claim"
}

function write_aims(    p, place, where) {
    for (p = 1; p <= 2; p++) {
        place = places[p]
        where = p == 1 ? ", pinned" : ", all cores"
        # What the project in Rust that this one follows says of one sender: at its best, and when it goes on.
        aim("one sender, times the 1.71 M/s of airssys-rt" where, ours(place, "one2one", "credit"), claim(1.71e6), 6)
        aim("one sender, times its 1.87 M/s when it goes on" where, ours(place, "one2one", "credit"), claim(1.87e6), 6)
        aim("guest to guest in batches, times RUSM's components" where,
            ours(place, "guest-hops", "batched"), components(place, "guest-hops"), 3)
        aim("guest to guest one by one, times RUSM's components" where,
            ours(place, "guest-hops", "single"), components(place, "guest-hops"), 0)
        aim("guest to guest and back, times RUSM's components" where,
            ours(place, "guest-pingpong", "single"), components(place, "guest-pingpong"), 0)
        aim("guests spawned and stopped, times RUSM's components" where,
            ours(place, "guest-churn", "plain"), components(place, "guest-churn"), 2)
    }
    aim("ping-pong, all cores to pinned", ours("all", "pingpong", "plain"), ours("pinned", "pingpong", "plain"), 0.8)
    aim("round 1,000 actors, all cores to pinned", ours("all", "ring", "plain"), ours("pinned", "ring", "plain"), 0.8)
    if (cores == 2)
        aim("8 pairs, all cores to pinned", ours("all", "pairs", "credit"), ours("pinned", "pairs", "credit"), 1.8)
}

function write_rows(    placement, p, w, i, m, list, count, figure, comma) {
    for (p = 1; p <= 2; p++)
        for (w = 1; w <= workload_count; w++)
            for (i = 1; i <= peer_count; i++) {
                count = split(modes[order[w], peer[i]], list, " ")
                for (m = 1; m <= count; m++) {
                    figure = median(places[p] SUBSEP order[w] SUBSEP peer[i] SUBSEP list[m])
                    if (figure == 0) continue
                    printf "%s    {\"placement\": \"%s\", \"workload\": \"%s\", \"peer\": \"%s\", \"mode\": \"%s\", " \
                        "\"unit\": \"%s\", \"median\": %.0f, \"least\": %.0f, \"most\": %.0f}", comma, places[p],
                        order[w], peer[i], list[m], unit[order[w]], figure, least, most >json
                    comma = ",\n"
                }
            }
}

function workload(key, what, of) {
    order[++workload_count] = key
    title[key] = what
    unit[key] = of
}

BEGIN {
    peer_count = split(peers, peer, " ")
    split("pinned all", places, " ")
    workload("one2one", "one sender to one receiver, M/s", "messages/s")
    workload("many2one", "8 senders to one receiver, M/s", "messages/s")
    workload("pairs", "8 pairs, M/s", "messages/s")
    workload("pingpong", "ping-pong, M round trips/s", "round trips/s")
    workload("ring", "round 1,000 actors, M hops/s", "hops/s")
    workload("churn", "spawn, one answer, stop, M/s", "actors/s")
    workload("idle", "resident bytes of an idle actor", "bytes")
    workload("guest-hops", "guest to guest, M messages/s", "messages/s")
    workload("guest-pingpong", "guest to guest and back, M/s", "round trips/s")
    workload("guest-churn", "guests spawned and stopped, M/s", "guests/s")
    workload("guest-idle", "resident bytes of an idle guest", "bytes")
    less_is_better["idle"] = less_is_better["guest-idle"] = 1
}

{
    value[$1, $2, $3, $4, $5] = $6
    if (!((" " modes[$2, $3] " ") ~ (" " $4 " "))) modes[$2, $3] = modes[$2, $3] " " $4
}

END {
    for (p = 1; p <= 2; p++) {
        printf "\n  %-34s", places[p] == "pinned" ? "pinned to one core" : "all cores (" cores ")"
        for (i = 1; i <= peer_count; i++) printf " %17s", peer[i]
        printf "   ours to the best peer\n"
        for (w = 1; w <= workload_count; w++) row(places[p], order[w])
    }
    write_aims()
    printf "{\n  \"benchmark\": \"peers\",\n  \"cores\": %d,\n  \"repeats\": %d,\n  \"divisor\": %d,\n  \"rows\": [\n",
        cores, repeats, divisor >json
    write_rows()
    printf "\n  ],\n  \"ratios\": [\n%s\n  ],\n  \"aims\": [\n%s\n  ]\n}\n", ratios, aims >json
}
