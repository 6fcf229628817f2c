// store-tool: what the daemon does with a store, for tests with real disks, servers and kills.
//
//   store-tool append LOCATION        one line of history after another, and with each a parked event and an accepted
//                                     message; prints `NUMBER HASH` once they are durable; ends with standard input
//   store-tool bench LOCATION N CALLERS   N appends by CALLERS who wait for each of theirs; prints how many a second
//   store-tool try LOCATION SECONDS   appends a line; prints `done`, or the failure's code and message
//   store-tool tries LOCATION         the same for each line of standard input, by one process
//   store-tool park LOCATION EVENT [VAULT SECRET]   parks an event

#include "async/run.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "store/store.h"

#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <iostream>
#include <span>

namespace {

using namespace kssedr;

constexpr TimePoint begin{std::chrono::milliseconds{1768469400000}};

struct Bench {
    store::Store& store;
    SystemClock& clock;

    [[nodiscard]] SteadyPoint within(int seconds) const { return clock.steady_now() + std::chrono::seconds{seconds}; }
};

std::vector<ports::HistoryLine> one_line(int number) {
    return {{begin + std::chrono::seconds{number}, "superseded", "superseded", "demo.vault.azure.net",
             "secret-" + std::to_string(number % 100),
             R"({"schema":1,"outcome":"superseded","code":"superseded","reason":"a newer version is current","n":)" +
                 std::to_string(number) + "}"}};
}

std::string say(Error const& error) {
    return std::string(to_string(error.code())) + ": " + error.message();
}

Task<int> append(Bench with) {
    for (int number = 1;; ++number) {
        auto const head = co_await with.store.history().append(one_line(number), with.within(30));
        std::vector<ports::ParkedEvent> events{{.vault = "demo.vault.azure.net",
                                                .secret = "secret-" + std::to_string(number),
                                                .code = "not-permitted",
                                                .outcome = "refused",
                                                .last_at = begin,
                                                .source = "tool",
                                                .event = "{}"}};
        auto const parked = co_await with.store.parked().park(std::move(events), with.within(30));
        auto const accepted = co_await with.store.inbox().put("tool", std::to_string(number), with.within(30));
        if (!head || !parked || !accepted) {
            std::cout << say(!head ? head.error() : !parked ? parked.error() : accepted.error()) << std::endl;
            co_return 1;
        }
        std::cout << number << ' ' << *head << std::endl;
    }
}

Task<int> bench(Bench with, int appends, int callers) {
    int failed = 0;
    TaskGroup tasks(co_await boost::asio::this_coro::executor,
                    [](std::string const&, std::exception_ptr) { std::abort(); });
    auto const caller = [&](int first) -> Task<void> {
        for (int number = first; number <= appends; number += callers) {
            auto const head = co_await with.store.history().append(one_line(number), with.within(60));
            if (!head) ++failed;
        }
    };
    auto const ready = co_await with.store.probe(with.within(30));
    if (!ready) {
        std::cout << say(ready.error()) << std::endl;
        co_return 1;
    }
    auto const began = with.clock.steady_now();
    for (int i = 1; i <= callers; ++i) tasks.spawn("caller", caller(i));
    co_await tasks.join();
    auto const took = std::max<std::int64_t>(1, (with.clock.steady_now() - began).count());
    std::cout << std::int64_t{appends} * 1000 / took << std::endl;
    co_return failed == 0 ? 0 : 1;
}

Task<int> try_once(Bench with, int seconds) {
    auto const head = co_await with.store.history().append(one_line(1), with.within(seconds));
    std::cout << (head ? "done" : say(head.error())) << std::endl;
    co_return 0;
}

Task<int> tries(Bench with) {
    std::string line;
    while (std::getline(std::cin, line)) {
        auto const head =
            co_await with.store.history().append(one_line(1), with.within(std::max(1, std::atoi(line.c_str()))));
        std::cout << (head ? "done" : say(head.error())) << std::endl;
    }
    co_return 0;
}

Task<int> park(Bench with, std::string event, std::string vault, std::string secret) {
    auto const digest = format_hex(sha256(event));
    auto const code = vault.empty() ? "malformed" : "not-permitted";
    std::vector<ports::ParkedEvent> events{{.vault = vault,
                                            .secret = secret,
                                            .code = code,
                                            .outcome = "refused",
                                            .reason = "a test says so",
                                            .last_at = begin,
                                            .source = "hub",
                                            .event = event,
                                            .sha256 = event.empty() ? "" : digest}};
    auto const parked = co_await with.store.parked().park(std::move(events), with.within(20));
    std::cout << (parked ? "done" : say(parked.error())) << std::endl;
    co_return 0;
}

Task<int> work(Bench with, std::vector<std::string> words) {
    int code = 2;
    if (words[0] == "append") {
        code = co_await append(with);
    } else if (words[0] == "bench" && words.size() == 4) {
        code = co_await bench(with, std::atoi(words[2].c_str()), std::atoi(words[3].c_str()));
    } else if (words[0] == "try" && words.size() == 3) {
        code = co_await try_once(with, std::atoi(words[2].c_str()));
    } else if (words[0] == "tries") {
        code = co_await tries(with);
    } else if (words[0] == "park" && words.size() >= 3) {
        words.resize(5);
        code = co_await park(with, words[2], words[3], words[4]);
    }
    co_await with.store.close();
    co_return code;
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> const words(argv + 1, argv + argc);
    if (words.size() < 2) return 2;
    asio::io_context loop(1);
    SystemClock clock;
    auto store = store::Store::open(loop.get_executor(), clock, words[1], {});
    if (!store) {
        std::cout << say(store.error()) << std::endl;
        return 2;
    }
    return run(loop, work({**store, clock}, words));
}
