%% Adds up.
-module(counter).
-behaviour(gen_server).
-export([start/1, start_link/1, init/1, handle_call/3, handle_cast/2]).

start(Watcher) -> gen_server:start(?MODULE, Watcher, []).

start_link(Watcher) -> gen_server:start_link(?MODULE, Watcher, []).

init(nobody) ->
    {ok, 0};
init(Watcher) ->
    Watcher ! {up, self()},
    {ok, 0}.

handle_call({add, N}, _From, Count) -> {reply, Count + N, Count + N}.

handle_cast({add, N}, Count) -> {noreply, Count + N};
handle_cast(stop, Count) -> {stop, normal, Count};
handle_cast(crash, Count) -> {stop, crash, Count}.
