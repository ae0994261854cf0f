%% The workloads of bench/peers on Erlang/OTP.
%%   erl +S N:N +P 1048576 -noshell -pa FOLDER -s bench_peer main WORKLOAD MODE [DIVISOR]
%% Modes: flood      the mailbox has no bound (Erlang has no other), and the sender never waits
%%        offheap    the same with the receiver's messages off its heap
%%        credit     a window of the program's own, at most 1,024 on their way to a receiver
%%        hibernate  of idle: the actors give back what memory they can
%%        plain      of the others
-module(bench_peer).
-export([main/1, idle/0]).
-define(WINDOW, 1024).

main([W, M | Rest]) ->
    Div = case Rest of [] -> 1; [D] -> list_to_integer(atom_to_list(D)) end,
    Self = self(),
    %% the driver runs in a process of its own, with a heap of its own
    spawn(fun() -> Self ! {line, run(W, M, Div)} end),
    receive {line, L} -> io:format("RESULT erlang ~s ~s ~s~n", [W, M, L]) end,
    erlang:halt(0).

run(one2one, M, D) -> rate(many(1, 1, M, 5000000 div D), "msg/s");
run(many2one, M, D) -> rate(many(1, 8, M, 5000000 div D), "msg/s");
run(pairs, M, D) -> rate(many(8, 1, M, 5000000 div D), "msg/s");
run(pingpong, _, D) -> rate(pingpong(500000 div D), "rt/s");
run(ring, _, D) -> rate(ring(1000, 2000000 div D), "hops/s");
run(churn, _, D) -> rate(churn(200000 div D), "actors/s");
run(idle, M, D) ->
    rate(mass(100000 div D, M), "bytes").

rate(V, U) -> io_lib:format("~b ~s", [round(V), U]).
now_ns() -> erlang:monotonic_time(nanosecond).
secs(A, B) -> (B - A) / 1.0e9.

payload() -> binary:copy(<<0>>, 64).

many(Groups, Per, Mode, Total) ->
    N = Total div (Groups * Per),
    Win = ?WINDOW div Per,
    Me = self(),
    Opts = case Mode of offheap -> [{message_queue_data, off_heap}]; _ -> [] end,
    Gs = [begin
              R = spawn_opt(fun() -> receiver(Mode, N * Per, Win, Me) end, Opts),
              Ss = [spawn(fun() -> sender(Mode, R, N, Win) end) || _ <- lists:seq(1, Per)],
              {R, Ss}
          end || _ <- lists:seq(1, Groups)],
    timer:sleep(50),
    T0 = now_ns(),
    [[S ! go || S <- Ss] || {_, Ss} <- Gs],
    [receive {done, R} -> ok end || {R, _} <- Gs],
    T1 = now_ns(),
    (N * Groups * Per) / secs(T0, T1).

sender(credit, R, N, Win) ->
    B = payload(),
    receive go -> ok end,
    send_credit(R, B, N, Win, Win);
sender(_, R, N, _) ->
    B = payload(),
    receive go -> ok end,
    send_flood(R, B, N).

send_flood(_, _, 0) -> ok;
send_flood(R, B, N) -> R ! B, send_flood(R, B, N - 1).

send_credit(_, _, 0, _, _) -> ok;
send_credit(R, B, N, 0, Win) ->
    receive ack -> ok end,
    send_credit(R, B, N, Win div 2, Win);
send_credit(R, B, N, C, Win) ->
    R ! {self(), B},
    send_credit(R, B, N - 1, C - 1, Win).

receiver(credit, Total, Win, Me) -> recv_credit(Total, Win div 2, Me);
receiver(_, Total, _, Me) -> recv_flood(Total, Me).

recv_flood(0, Me) -> Me ! {done, self()};
recv_flood(N, Me) ->
    receive B when is_binary(B) -> recv_flood(N - 1, Me) end.

recv_credit(0, _, Me) -> Me ! {done, self()};
recv_credit(N, Half, Me) ->
    receive
        {From, B} when is_binary(B) ->
            C = case get(From) of undefined -> 1; X -> X + 1 end,
            if C =:= Half -> From ! ack, put(From, 0);
               true -> put(From, C)
            end,
            recv_credit(N - 1, Half, Me)
    end.

pingpong(N) ->
    Me = self(),
    B = spawn(fun() -> pong(N) end),
    T0 = now_ns(),
    spawn(fun() -> ping(B, payload(), N), Me ! finished end),
    receive finished -> ok end,
    N / secs(T0, now_ns()).

ping(_, _, 0) -> ok;
ping(B, Bin, N) ->
    B ! {self(), Bin},
    receive {B, Bin2} -> ping(B, Bin2, N - 1) end.

pong(0) -> ok;
pong(N) ->
    receive {From, Bin} -> From ! {self(), Bin}, pong(N - 1) end.

ring(Actors, Hops) ->
    Me = self(),
    Ps = [spawn(fun() -> ring_init(Me) end) || _ <- lists:seq(1, Actors)],
    [P ! {next, Nx} || {P, Nx} <- lists:zip(Ps, tl(Ps) ++ [hd(Ps)])],
    timer:sleep(50),
    T0 = now_ns(),
    hd(Ps) ! {Hops, payload()},
    receive finished -> ok end,
    Hops / secs(T0, now_ns()).

ring_init(Me) -> receive {next, Nx} -> ring_loop(Nx, Me) end.
ring_loop(Nx, Me) ->
    receive
        {0, _} -> Me ! finished;
        {K, B} -> Nx ! {K - 1, B}, ring_loop(Nx, Me)
    end.

churn(N) ->
    Me = self(),
    B = payload(),
    T0 = now_ns(),
    churn(N, 0, Me, B),
    N / secs(T0, now_ns()).
churn(0, 0, _, _) -> ok;
churn(N, Live, Me, B) when Live =:= 1000; N =:= 0 ->
    receive {done, _} -> churn(N, Live - 1, Me, B) end;
churn(N, Live, Me, B) ->
    P = spawn(fun() -> receive {From, X} -> From ! {done, X} end end),
    P ! {Me, B},
    churn(N - 1, Live + 1, Me, B).

%% Resident bytes for each of N processes that wait.
mass(N, Mode) ->
    C = counters:new(1, [atomics]),
    erlang:garbage_collect(),
    Before = rss(),
    Ps = mass_spawn(N, C, Mode, []),
    wait_ready(C, N),
    timer:sleep(100),
    After = rss(),
    [P ! stop || P <- Ps],
    (After - Before) / N.

mass_spawn(0, _, _, Acc) -> Acc;
mass_spawn(N, C, hibernate, Acc) ->
    P = spawn(fun() ->
                  counters:add(C, 1, 1),
                  erlang:hibernate(?MODULE, idle, [])
              end),
    mass_spawn(N - 1, C, hibernate, [P | Acc]);
mass_spawn(N, C, M, Acc) ->
    P = spawn(fun() -> counters:add(C, 1, 1), idle() end),
    mass_spawn(N - 1, C, M, [P | Acc]).

idle() -> receive stop -> ok end.

wait_ready(C, N) ->
    case counters:get(C, 1) of
        N -> ok;
        _ -> erlang:yield(), wait_ready(C, N)
    end.

rss() ->
    {ok, B} = file:read_file("/proc/self/statm"),
    [_, R | _] = binary:split(B, <<" ">>, [global]),
    binary_to_integer(R) * 4096.
