// The workloads of bench/peers on CAF 0.17: peer WORKLOAD MODE WORKERS [DIVISOR].
// Modes: flood    the mailbox has no bound (CAF has no other), and the sender does not go back to the scheduler
//                 while it sends
//        credit   a window of the program's own, at most 1,024 on their way to a receiver
//        sharing  CAF's other scheduler
//        plain    as CAF comes
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "caf/all.hpp"

using namespace caf;
using clk = std::chrono::steady_clock;

struct pay {
    uint64_t w[8];
}; // 64 bytes
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(pay)

using go_atom = atom_constant<atom("go")>;
using ack_atom = atom_constant<atom("ack")>;
using stop_atom = atom_constant<atom("stop")>;
using next_atom = atom_constant<atom("next")>;

static const uint64_t WINDOW = 1024;
static std::atomic<uint64_t> g_done, g_ready, g_gone;

static double secs(clk::time_point a, clk::time_point b) {
    return std::chrono::duration<double>(b - a).count();
}
static uint64_t rss() {
    FILE *f = fopen("/proc/self/statm", "r");
    unsigned long a = 0, b = 0;
    if (!f || fscanf(f, "%lu %lu", &a, &b) != 2)
        abort();
    fclose(f);
    return uint64_t(b) * 4096;
}
// the driver thread must not eat a core that the actors need
static void wait_for(std::atomic<uint64_t> &c, uint64_t n) {
    while (c.load(std::memory_order_acquire) < n)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
}

struct send_state {
    actor to;
    uint64_t left = 0, credit = 0, window = 0, id = 0;
};

static behavior sender(stateful_actor<send_state> *self, bool credit, uint64_t n, uint64_t window,
                       uint64_t id) {
    self->state.left = n;
    self->state.window = self->state.credit = window;
    self->state.id = id;
    auto pump = [self, credit] {
        auto &s = self->state;
        pay p{};
        p.w[0] = s.id;
        if (!credit) {
            for (; s.left > 0; --s.left)
                self->send(s.to, p);
        } else {
            for (; s.left > 0 && s.credit > 0; --s.left, --s.credit)
                self->send(s.to, p);
        }
        if (s.left == 0)
            self->quit();
    };
    return {
        [=](go_atom, const actor &to) {
            self->state.to = to;
            pump();
        },
        [=](ack_atom) {
            self->state.credit += self->state.window / 2;
            pump();
        },
    };
}

struct recv_state {
    uint64_t left = 0;
    std::vector<uint64_t> seen;
    std::vector<actor> from;
};

static behavior receiver(stateful_actor<recv_state> *self, bool credit, uint64_t total, uint64_t window) {
    self->state.left = total;
    return {
        [=](next_atom, const actor &a) {
            self->state.from.push_back(a);
            self->state.seen.push_back(0);
        },
        [=](const pay &p) {
            auto &s = self->state;
            if (credit && ++s.seen[p.w[0]] == window / 2) {
                s.seen[p.w[0]] = 0;
                self->send(s.from[p.w[0]], ack_atom::value);
            }
            if (--s.left == 0) {
                g_done.fetch_add(1, std::memory_order_release);
                self->quit();
            }
        },
    };
}

static double many(actor_system &sys, uint64_t groups, uint64_t per, bool credit, uint64_t total) {
    uint64_t n = total / (groups * per), window = WINDOW / per;
    std::vector<std::pair<actor, actor>> gos;
    for (uint64_t g = 0; g < groups; ++g) {
        auto r = sys.spawn(receiver, credit, n * per, window);
        for (uint64_t i = 0; i < per; ++i) {
            auto s = sys.spawn(sender, credit, n, window, i);
            anon_send(r, next_atom::value, s);
            gos.emplace_back(s, r);
        }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    auto t0 = clk::now();
    for (auto &x : gos)
        anon_send(x.first, go_atom::value, x.second);
    wait_for(g_done, groups);
    return double(n * groups * per) / secs(t0, clk::now());
}

struct pp_state {
    uint64_t left = 0;
};
static behavior pong(event_based_actor *self) {
    return {
        [=](const actor &from, const pay &p) { self->send(from, actor{self}, p); },
        [=](stop_atom) { self->quit(); },
    };
}
static behavior ping(stateful_actor<pp_state> *self, actor b, uint64_t n) {
    self->state.left = n;
    pay p{};
    self->send(b, actor{self}, p);
    return {
        [=](const actor &from, const pay &p) {
            if (--self->state.left == 0) {
                self->send(from, stop_atom::value);
                g_done.fetch_add(1, std::memory_order_release);
                self->quit();
            } else {
                self->send(from, actor{self}, p);
            }
        },
    };
}

struct ring_state {
    actor next;
};
static behavior ringnode(stateful_actor<ring_state> *self) {
    return {
        [=](next_atom, const actor &a) { self->state.next = a; },
        [=](uint64_t left, const pay &p) {
            if (left == 0)
                g_done.fetch_add(1, std::memory_order_release);
            else
                self->send(self->state.next, left - 1, p);
        },
        [=](stop_atom) {
            self->state.next = nullptr;
            self->quit();
        },
    };
}

static behavior child(event_based_actor *self) {
    return {
        [=](const actor &from, const pay &p) {
            self->send(from, p);
            self->quit();
        },
    };
}
struct churn_state {
    uint64_t left = 0, live = 0;
};
static behavior churner(stateful_actor<churn_state> *self, uint64_t n) {
    self->state.left = n;
    auto pump = [self] {
        auto &s = self->state;
        pay p{};
        while (s.left > 0 && s.live < 1000) {
            auto c = self->spawn(child);
            self->send(c, actor{self}, p);
            --s.left;
            ++s.live;
        }
        if (s.left == 0 && s.live == 0) {
            g_done.fetch_add(1, std::memory_order_release);
            self->quit();
        }
    };
    return {
        [=](go_atom) { pump(); },
        [=](const pay &) {
            --self->state.live;
            pump();
        },
    };
}

static behavior idler(event_based_actor *self) {
    g_ready.fetch_add(1, std::memory_order_relaxed);
    self->attach_functor([] { g_gone.fetch_add(1, std::memory_order_release); });
    return {[=](stop_atom) { self->quit(); }};
}
int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    std::string w = argv[1], mode = argv[2];
    size_t workers = size_t(atoi(argv[3]));
    uint64_t div = argc > 4 ? uint64_t(atoi(argv[4])) : 1;
    bool credit = mode == "credit";
    actor_system_config cfg;
    cfg.set("scheduler.max-threads", workers);
    if (mode == "sharing")
        cfg.set("scheduler.policy", atom("sharing"));
    actor_system sys{cfg};
    char line[256];
    if (w == "one2one")
        snprintf(line, sizeof line, "%.0f msg/s", many(sys, 1, 1, credit, 5000000 / div));
    else if (w == "many2one")
        snprintf(line, sizeof line, "%.0f msg/s", many(sys, 1, 8, credit, 5000000 / div));
    else if (w == "pairs")
        snprintf(line, sizeof line, "%.0f msg/s", many(sys, 8, 1, credit, 5000000 / div));
    else if (w == "pingpong") {
        uint64_t n = 500000 / div;
        auto b = sys.spawn(pong);
        auto t0 = clk::now();
        sys.spawn(ping, b, n);
        wait_for(g_done, 1);
        snprintf(line, sizeof line, "%.0f rt/s", double(n) / secs(t0, clk::now()));
    } else if (w == "ring") {
        uint64_t hops = 2000000 / div;
        std::vector<actor> v;
        for (int i = 0; i < 1000; i++)
            v.push_back(sys.spawn(ringnode));
        for (int i = 0; i < 1000; i++)
            anon_send(v[i], next_atom::value, v[(i + 1) % 1000]);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        pay p{};
        auto t0 = clk::now();
        anon_send(v[0], hops, p);
        wait_for(g_done, 1);
        snprintf(line, sizeof line, "%.0f hops/s", double(hops) / secs(t0, clk::now()));
        for (auto &a : v)
            anon_send(a, stop_atom::value);
    } else if (w == "churn") {
        uint64_t n = 200000 / div;
        auto a = sys.spawn(churner, n);
        auto t0 = clk::now();
        anon_send(a, go_atom::value);
        a = nullptr;
        wait_for(g_done, 1);
        snprintf(line, sizeof line, "%.0f actors/s", double(n) / secs(t0, clk::now()));
    } else if (w == "idle") {
        uint64_t n = 100000 / div;
        // scoped_actor: the children are spawned from outside of the pool, so that one worker is enough to start them
        scoped_actor self{sys};
        std::vector<actor> v(n, actor{actor_cast<actor>(self)});
        auto before = rss();
        for (auto &a : v)
            a = self->spawn(idler);
        wait_for(g_ready, n);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        auto after = rss();
        for (auto &a : v) {
            self->send(a, stop_atom::value);
            a = nullptr;
        }
        wait_for(g_gone, n);
        snprintf(line, sizeof line, "%.0f bytes", double(after - before) / double(n));
    } else
        return 2;
    printf("RESULT caf %s %s %s\n", w.c_str(), mode.c_str(), line);
    fflush(stdout);
}
