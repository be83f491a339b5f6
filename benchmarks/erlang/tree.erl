%% Counters that nobody looks at, and one that says when it is up.
-module(tree).
-behaviour(supervisor).
-export([start_link/2, init/1]).

start_link(Siblings, Watcher) ->
    supervisor:start_link(?MODULE, {Siblings, Watcher}).

init({Siblings, Watcher}) ->
    Idle = [child(Number, nobody) || Number <- lists:seq(1, Siblings)],
    Flags = #{strategy => one_for_one, intensity => 1000000, period => 5},
    {ok, {Flags, Idle ++ [child(worker, Watcher)]}}.

child(Id, Watcher) ->
    #{id => Id, start => {counter, start_link, [Watcher]}}.
