#!/bin/sh
# Draws what bench_growth has measured: sh bench/pictures.sh RESULTS.json FOLDER writes FOLDER/growth-NAME.svg, a picture
# for each word before the colon of a table's title, and prints the tables in Markdown. Both axes are logarithmic: what
# is flat is level, and what costs as much again for twice the size rises by as much as it goes to the right.
set -eu

[ $# -eq 2 ] || {
    echo "usage: sh bench/pictures.sh RESULTS.json FOLDER" >&2
    exit 2
}
mkdir -p "$2"
awk -v folder="$2" '
    function log10(x) { return log(x) / log(10) }
    function floor(x,  i) { i = int(x); return i > x ? i - 1 : i }
    function ceil(x) { return -floor(-x) }
    function number(text) { gsub(/,/, "", text); return text + 0 }
    function grouped(n,  text, out) {
        text = sprintf("%.0f", n)
        out = ""
        while (length(text) > 3) {
            out = "," substr(text, length(text) - 2) out
            text = substr(text, 1, length(text) - 3)
        }
        return text out
    }
    function bytes(n) {
        return n >= 1048576 ? n / 1048576 " MiB" : n >= 1024 ? n / 1024 " KiB" : n " B"
    }
    function size_text(n) { return picture == "Payload" ? bytes(n) : grouped(n) }
    function time_text(ns) {
        return ns >= 1000000 ? ns / 1000000 " ms" : ns >= 1000 ? ns / 1000 " µs" : ns " ns"
    }
    # Three digits.
    function cost_text(ns) {
        if (ns >= 1000000) return sprintf(ns >= 10000000 ? "%.1f ms" : "%.2f ms", ns / 1000000)
        if (ns >= 1000) return sprintf(ns >= 100000 ? "%.0f µs" : ns >= 10000 ? "%.1f µs" : "%.2f µs", ns / 1000)
        return sprintf(ns >= 100 ? "%.0f ns" : "%.1f ns", ns)
    }
    # None has no logarithm: it stands before the others.
    function x_of(n) {
        return left + (log10(n > 0 ? n : least_size / 8) - x_first) / (x_last - x_first) * (right - left)
    }
    function y_of(ns) { return bottom - (log10(ns) - y_first) / (y_last - y_first) * (bottom - top) }
    function text(x, y, anchor, what) {
        printf "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, what >file
    }
    function rule(x1, y1, x2, y2, style) {
        printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2, style >file
    }

    /"section":/ { split($0, part, "\""); section = part[4] }
    /"name":/    { split($0, part, "\""); name = part[4] }
    /"median":/  { median = $2 + 0 }
    /"least":/   { least = $2 + 0 }
    /"most":/ {
        split(section, part, ": ")
        if (!(part[1] in known_picture)) {
            known_picture[part[1]] = 1
            pictures[++picture_count] = part[1]
        }
        if (!(section in rows)) {
            order[part[1], ++series_count[part[1]]] = section
        }
        row = ++rows[section]
        sizes[section, row] = number(name)
        medians[section, row] = median
        leasts[section, row] = least
        mosts[section, row] = $2 + 0
    }

    function ranges(  s, r, n) {
        least_size = 0; largest = 0; lowest = 0; highest = 0; none = 0
        for (s = 1; s <= series_count[picture]; s++) {
            section = order[picture, s]
            for (r = 1; r <= rows[section]; r++) {
                n = sizes[section, r]
                if (n == 0) none = 1
                if (n > 0 && (least_size == 0 || n < least_size)) least_size = n
                if (n > largest) largest = n
                if (lowest == 0 || leasts[section, r] < lowest) lowest = leasts[section, r]
                if (mosts[section, r] > highest) highest = mosts[section, r]
            }
        }
        x_first = log10(none ? least_size / 8 : least_size)
        x_last = log10(largest)
        y_first = floor(log10(lowest))
        y_last = ceil(log10(highest) + 0.001)
    }
    function axes(  i, r) {
        for (i = y_first; i <= y_last; i++) {
            rule(left, y_of(10 ^ i), right, y_of(10 ^ i), "stroke=\"#dddddd\"")
            text(left - 8, y_of(10 ^ i) + 4, "end", time_text(10 ^ i))
        }
        section = order[picture, 1]
        for (r = 1; r <= rows[section]; r++) {
            rule(x_of(sizes[section, r]), top, x_of(sizes[section, r]), bottom, "stroke=\"#eeeeee\"")
            text(x_of(sizes[section, r]), bottom + 18, "middle", size_text(sizes[section, r]))
        }
        rule(left, bottom, right, bottom, "stroke=\"#444444\"")
        rule(left, top, left, bottom, "stroke=\"#444444\"")
    }
    function series(s,  r, x, points) {
        section = order[picture, s]
        points = ""
        for (r = 1; r <= rows[section]; r++) {
            x = x_of(sizes[section, r])
            points = points sprintf("%.1f,%.1f ", x, y_of(medians[section, r]))
            rule(x, y_of(leasts[section, r]), x, y_of(mosts[section, r]), "stroke=\"" colour[s] "\"")
            printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y_of(medians[section, r]),
                colour[s] >file
        }
        printf "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", points, colour[s] >file
        printf "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", left, bottom + 22 + 18 * s,
            colour[s] >file
        sub(/^[^:]*: /, "", section)
        text(left + 20, bottom + 32 + 18 * s, "start", section)
    }
    # What the logarithm makes of the first cost.
    function logarithm(  r, points, n, first) {
        section = order[picture, 1]
        first = medians[section, 1] / log(sizes[section, 1] + 2)
        points = ""
        for (r = 1; r <= rows[section]; r++) {
            n = first * log(sizes[section, r] + 2)
            if (log10(n) <= y_last) points = points sprintf("%.1f,%.1f ", x_of(sizes[section, r]), y_of(n))
        }
        printf "<polyline points=\"%s\" fill=\"none\" stroke=\"#999999\" stroke-dasharray=\"5 4\"/>\n", points >file
        text(right, 22, "end", "- - -  the logarithm")
    }
    function draw(  s, height) {
        height = bottom + 50 + 18 * series_count[picture]
        name = tolower(picture)
        gsub(" ", "-", name)
        file = folder "/growth-" name ".svg"
        printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 %d\" font-family=\"sans-serif\"" \
            " font-size=\"12\" role=\"img\">\n", height >file
        printf "<title>%s: what one operation costs</title>\n", picture >file
        printf "<rect width=\"720\" height=\"%d\" fill=\"#ffffff\"/>\n", height >file
        printf "<text x=\"%d\" y=\"22\" font-size=\"14\">%s: the cost of one operation (median, least to most)</text>\n",
            left, picture >file
        axes()
        if (picture != "Payload") logarithm()
        for (s = 1; s <= series_count[picture]; s++) series(s)
        print "</svg>" >file
        close(file)
    }
    function tables(  s, r, head, dash, line) {
        head = "| " picture " |"
        dash = "|---|"
        section = order[picture, 1]
        for (r = 1; r <= rows[section]; r++) {
            head = head " " size_text(sizes[section, r]) " |"
            dash = dash "---|"
        }
        print head "\n" dash
        for (s = 1; s <= series_count[picture]; s++) {
            section = order[picture, s]
            line = section
            sub(/^[^:]*: /, "", line)
            line = "| " line " |"
            for (r = 1; r <= rows[section]; r++) line = line " " cost_text(medians[section, r]) " |"
            print line
        }
        print ""
    }
    END {
        split("#1b6ca8 #c8501e #2e8540 #7a3e9d #8a6d00", colour, " ")
        left = 80; right = 680; top = 40; bottom = 320
        for (p = 1; p <= picture_count; p++) {
            picture = pictures[p]
            ranges()
            draw()
            tables()
        }
    }
' "$1"
