%% The workloads on real Erlang. Prints each number as a line "name value"; what it
%% cannot match is a wrong answer, and ends it with status 1.
-module(workloads).
-export([main/1]).

main([Workload | Sizes]) ->
    logger:set_primary_config(level, none),
    try run(list_to_atom(Workload), maps:from_list(lists:map(fun size/1, Sizes))) of
        Metrics ->
            [io:format("~s ~w~n", [Key, Number]) || {Key, Number} <- Metrics],
            halt(0)
    catch
        Class:Reason:Trace ->
            io:format(standard_error, "~p ~p ~p~n", [Class, Reason, Trace]),
            halt(1)
    end.

size(Text) ->
    [Key, Number] = string:split(Text, "="),
    {list_to_atom(Key), list_to_integer(Number)}.

%% ------------------------------------------------------------------- workloads

run(call, #{calls := N}) ->
    {ok, Server} = counter:start(nobody),
    calls(Server, N),
    {Mean, ok} = timed(N, fun() -> calls(Server, N) end),
    Times = [element(1, timed(1, fun() -> add(Server, 1) end)) || _ <- lists:seq(1, N)],
    Expected = 3 * N,
    Expected = add(Server, 0),
    [{mean, Mean}, {p50, percentile(Times, 0.5)}, {p99, percentile(Times, 0.99)}];
run(cast, #{casts := N}) ->
    {ok, Server} = counter:start(nobody),
    0 = add(Server, 0),
    {Each, N} = timed(N, fun() ->
        casts(Server, N),
        gen_server:call(Server, {add, 0}, infinity)
    end),
    [{cast, Each}];
run(one_server, Sizes) ->
    clients(Sizes, 1);
run(many_servers, #{clients := Clients} = Sizes) ->
    clients(Sizes, Clients);
run(start, #{servers := N}) ->
    {ok, First} = counter:start(nobody),
    gen_server:stop(First),
    Before = memory(),
    %% Erlang always waits for the init.
    {Start, Servers} = timed(N, fun() -> [started() || _ <- lists:seq(1, N)] end),
    Memory = (memory() - Before) / N,
    Refs = [monitor(process, Server) || Server <- Servers],
    {Stop, _} = timed(N, fun() ->
        [gen_server:cast(Server, stop) || Server <- Servers],
        [receive {'DOWN', Ref, process, _, normal} -> ok end || Ref <- Refs]
    end),
    [{start_waiting, Start}, {stop, Stop}, {memory, Memory}];
run(restart, #{siblings := Siblings, crashes := N}) ->
    Begin = now_ns(),
    {ok, _} = tree:start_link(Siblings, self()),
    Worker = receive {up, Pid} -> Pid end,
    Tree = (now_ns() - Begin) / 1.0e9,
    Times = crashes(Worker, N, []),
    [{p50, percentile(Times, 0.5)}, {p99, percentile(Times, 0.99)}, {tree, Tree}];
run(ring, #{processes := Many, laps := Laps}) ->
    Me = self(),
    Members = [spawn(fun() -> enter(Place, Me) end) || Place <- lists:seq(0, Many - 1)],
    Successors = tl(Members) ++ [hd(Members)],
    [Pid ! {next, Next} || {Pid, Next} <- lists:zip(Members, Successors)],
    Hops = Many * Laps + 1,
    {Each, Place} = timed(Hops, fun() ->
        hd(Members) ! Hops,
        receive {last, Last} -> Last end
    end),
    Place = Hops rem Many,
    [{hop, Each}];
run(skynet, #{leaves := Leaves}) ->
    Me = self(),
    {Each, Sum} = timed(tree_size(Leaves), fun() ->
        spawn(fun() -> branch(Me, 0, Leaves) end),
        receive Total -> Total end
    end),
    Sum = Leaves * (Leaves - 1) div 2,
    [{process, Each}];
run(spawn, #{processes := N}) ->
    Me = self(),
    {Each, _} = timed(N, fun() ->
        [spawn(fun() -> Me ! ran end) || _ <- lists:seq(1, N)],
        [receive ran -> ok end || _ <- lists:seq(1, N)]
    end),
    [{process, Each}];
run(task, #{tasks := N}) ->
    {Each, Results} = timed(N, fun() -> [task(Number) || Number <- lists:seq(1, N)] end),
    Results = [2 * Number || Number <- lists:seq(1, N)],
    [{task, Each}];
run(memory, #{processes := N}) ->
    Before = memory(),
    _ = [spawn(fun() -> receive go -> ok end end) || _ <- lists:seq(1, N)],
    Process = (memory() - Before) / N,
    Again = memory(),
    {ok, Top} = tree:start_link(N, self()),
    receive {up, _} -> ok end,
    Child = (memory() - Again) / N,
    Children = N + 1,
    Children = proplists:get_value(active, supervisor:count_children(Top)),
    [{process, Process}, {child, Child}];
run(watch, #{watches := N}) ->
    Other = spawn(fun() -> receive go -> ok end end),
    {Monitor, _} = timed(N, fun() ->
        [demonitor(monitor(process, Other)) || _ <- lists:seq(1, N)]
    end),
    {Link, _} = timed(N, fun() ->
        [begin link(Other), unlink(Other) end || _ <- lists:seq(1, N)]
    end),
    {Death, Downs} = timed(N, fun() ->
        _ = [monitor(process, spawn(fun() -> ok end)) || _ <- lists:seq(1, N)],
        [receive {'DOWN', _, process, _, _} -> down end || _ <- lists:seq(1, N)]
    end),
    N = length(Downs),
    [{monitor, Monitor}, {link, Link}, {death, Death}];
run(names, #{names := N}) ->
    Named = [{list_to_atom("server " ++ integer_to_list(Number)), started()}
             || Number <- lists:seq(1, N)],
    {Register, _} = timed(N, fun() -> [register(K, Pid) || {K, Pid} <- Named] end),
    {Whereis, Found} = timed(N, fun() -> [whereis(K) || {K, _} <- Named] end),
    Found = [Pid || {_, Pid} <- Named],
    {Call, Counts} = timed(N, fun() -> [add(K, 1) || {K, _} <- Named] end),
    N = lists:sum(Counts),
    {Unregister, _} = timed(N, fun() -> [unregister(K) || {K, _} <- Named] end),
    [] = [K || {K, _} <- Named, whereis(K) =/= undefined],
    [{register, Register}, {whereis, Whereis}, {call, Call}, {unregister, Unregister}];
run(timers, #{timers := N}) ->
    {Cancel, _} = timed(N, fun() ->
        [erlang:cancel_timer(erlang:send_after(60000, self(), never))
         || _ <- lists:seq(1, N)]
    end),
    %% All of them are due at one moment.
    At = erlang:monotonic_time(millisecond) + 500,
    [erlang:send_after(At, self(), {fired, Number}, [{abs, true}])
     || Number <- lists:seq(1, N)],
    receive {fired, First} -> self() ! {fired, First} end,
    {Fire, Got} = timed(N, fun() ->
        [receive {fired, Number} -> Number end || _ <- lists:seq(1, N)]
    end),
    true = lists:sort(Got) =:= lists:seq(1, N),
    [{cancel, Cancel}, {fire, Fire}];
run(selective, #{waiting := Waiting, receives := N}) ->
    [self() ! 'not this' || _ <- lists:seq(1, Waiting)],
    {Each, Got} = timed(N, fun() -> [selected(Number) || Number <- lists:seq(1, N)] end),
    Got = lists:seq(1, N),
    {message_queue_len, Waiting} = process_info(self(), message_queue_len),
    [{'receive', Each}].

%% ----------------------------------------------------------------- their parts

add(Server, N) -> gen_server:call(Server, {add, N}).

calls(_, 0) -> ok;
calls(Server, N) -> add(Server, 1), calls(Server, N - 1).

casts(_, 0) -> ok;
casts(Server, N) -> gen_server:cast(Server, {add, 1}), casts(Server, N - 1).

started() ->
    {ok, Server} = counter:start(nobody),
    Server.

clients(#{clients := Clients, calls := Calls}, Many) ->
    Me = self(),
    Servers = list_to_tuple([started() || _ <- lists:seq(1, Many)]),
    Pids = [spawn(fun() -> client(element(Number rem Many + 1, Servers), Calls, Me) end)
            || Number <- lists:seq(1, Clients)],
    {Each, _} = timed(Clients * Calls, fun() ->
        [Pid ! go || Pid <- Pids],
        [receive done -> ok end || _ <- Pids]
    end),
    Expected = Clients * Calls,
    Expected = lists:sum([add(Server, 0) || Server <- tuple_to_list(Servers)]),
    [{call, Each}].

client(Server, Calls, Main) ->
    receive go -> ok end,
    calls(Server, Calls),
    Main ! done.

crashes(_, 0, Times) ->
    Times;
crashes(Worker, N, Times) ->
    {Time, Next} = timed(1, fun() ->
        gen_server:cast(Worker, crash),
        Pid = receive {up, New} -> New end,
        1 = add(Pid, 1),
        Pid
    end),
    crashes(Next, N - 1, [Time | Times]).

enter(Place, Main) ->
    receive {next, Next} -> member(Place, Next, Main) end.

member(Place, Next, Main) ->
    receive
        0 -> Main ! {last, Place};
        Hops -> Next ! Hops - 1
    end,
    member(Place, Next, Main).

branch(Parent, Number, 1) ->
    Parent ! Number;
branch(Parent, Number, Leaves) ->
    Me = self(),
    Each = Leaves div 10,
    [spawn(fun() -> branch(Me, Number + Branch * Each, Each) end)
     || Branch <- lists:seq(0, 9)],
    Parent ! lists:sum([receive Sum -> Sum end || _ <- lists:seq(1, 10)]).

tree_size(1) -> 1;
tree_size(Leaves) -> Leaves + tree_size(Leaves div 10).

task(Number) ->
    {_, Ref} = spawn_monitor(fun() -> exit({result, 2 * Number}) end),
    receive {'DOWN', Ref, process, _, {result, Result}} -> Result end.

selected(Number) ->
    self() ! {number, Number},
    receive {number, Found} -> Found end.

%% ------------------------------------------------------------------- measuring

now_ns() -> erlang:monotonic_time(nanosecond).

%% The microseconds of each of N operations, and what they return.
timed(N, Run) ->
    Begin = now_ns(),
    Result = Run(),
    {(now_ns() - Begin) / N / 1000, Result}.

percentile(Times, Share) ->
    Sorted = lists:sort(Times),
    lists:nth(min(length(Sorted), trunc(Share * length(Sorted)) + 1), Sorted).

memory() ->
    erlang:garbage_collect(),
    {ok, File} = file:open("/proc/self/statm", [read, raw, binary]),
    {ok, Line} = file:read(File, 200),
    file:close(File),
    [_, Pages | _] = binary:split(Line, <<" ">>, [global]),
    binary_to_integer(Pages) * 4096.
