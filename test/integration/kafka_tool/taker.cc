// kafka-taker: an azure::KafkaSource, and a consumer of its events that a test commands.
//
//   kafka-taker BROKERS TOPIC GROUP [name=value...]
//
// Names: earliest|latest for `start`; `user`, `password`, `token`, `ca_file`; `messages`, `bytes`; `hold=1` completes
// nothing until it is told. Prints a line for each message taken (`took VALUE`, or its length where that is long), for
// each change of health, and for each log event. Commands on standard input: `done N` completes the N oldest, `complete
// VALUE` that one. SIGTERM cancels the source.

#include "async/offload.h"
#include "async/run.h"
#include "azure/kafka_source.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>

#include <unistd.h>

#include <array>
#include <csignal>
#include <iostream>
#include <map>
#include <set>
#include <span>

namespace {

using namespace kssedr;

class PrintedLog final : public Log {
public:
    void put(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
        std::cout << "log " << event;
        for (auto const& [name, value] : fields) std::cout << ' ' << name << '=' << value;
        std::cout << std::endl;
    }
};

class Taker final : public ports::EventConsumer {
public:
    explicit Taker(bool holds) : holds_(holds) {}

    Task<void> take(std::string_view, std::span<std::string_view const> messages) override {
        for (auto const message : messages) {
            auto const shown = message.size() > 64 ? std::to_string(message.size()) + " bytes" : std::string(message);
            std::cout << "took " << shown << std::endl;
        }
        auto const number = taken_++;
        while (holds_ && number >= allowed_ && !completed_.contains(messages.front())) {
            co_await news_.wait();
        }
    }

    void complete(std::size_t count) {
        allowed_ += count;
        news_.wake_all();
    }
    void complete(std::string value) {
        completed_.insert(std::move(value));
        news_.wake_all();
    }

private:
    bool holds_;
    std::size_t taken_ = 0;
    std::size_t allowed_ = 0;
    std::set<std::string, std::less<>> completed_;
    Waiters news_;
};

class OneToken final : public azure::TokenSource {
public:
    explicit OneToken(std::string token) : token_(std::move(token)) {}

    Async<azure::Token> bearer(std::string audience, SteadyPoint) override {
        std::cout << "token for " << audience << std::endl;
        if (token_ == "none") co_return fail(Errc::permission_denied, "Entra knows nobody of that name");
        co_return std::make_shared<SecretString const>(SecretString::copy_of(token_));
    }
    void reject(std::string const&, azure::Token const&) override { std::cout << "token rejected" << std::endl; }

private:
    std::string token_;
};

Task<void> obey(Taker& taker) {
    asio::posix::stream_descriptor input(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
    std::string line;
    for (;;) {
        auto const end = co_await asio::async_read_until(input, asio::dynamic_buffer(line), '\n', asio::use_awaitable);
        auto const word = line.substr(0, end - 1);
        line.erase(0, end);
        if (word.starts_with("done ")) taker.complete(std::stoul(word.substr(5)));
        if (word.starts_with("complete ")) taker.complete(word.substr(9));
    }
}

Task<void> tell_health(azure::KafkaSource& source) {
    SystemClock clock;
    std::string said;
    for (;;) {
        auto const health = source.health();
        static constexpr std::array<char const*, 4> states = {"starting", "ready", "retrying", "unusable"};
        auto const now = std::string("health ") + states.at(static_cast<std::size_t>(health.state)) + " " +
                         (health.backlog ? std::to_string(*health.backlog) : "?") + " " + health.reason;
        if (now != said) std::cout << now << std::endl;
        said = now;
        co_await clock.sleep_for(std::chrono::milliseconds(50));
    }
}

Task<int> live(azure::KafkaSource& source, Taker& taker) {
    using namespace asio::experimental::awaitable_operators;
    asio::signal_set signals(co_await asio::this_coro::executor, SIGTERM);
    co_await (source.run(taker) || obey(taker) || tell_health(source) || signals.async_wait(asio::use_awaitable));
    std::cout << "ended" << std::endl;
    co_return 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::span<char*> const given(argv, static_cast<std::size_t>(argc));
    if (given.size() < 4) return 2;
    std::map<std::string, std::string> options;
    for (auto const* const word : given.subspan(4)) {
        std::string const text = word;
        options[text.substr(0, text.find('='))] = text.substr(text.find('=') + 1);
    }
    azure::KafkaSourceOptions source_options;
    source_options.name = "kafka";
    source_options.brokers = given[1];
    source_options.topic = given[2];
    source_options.group = given[3];
    source_options.user = options["user"];
    source_options.password = SecretString::copy_of(options["password"]);
    source_options.ca_file = options["ca_file"];
    source_options.is_plaintext = source_options.password.empty() && !options.contains("token");
    if (options["start"] == "latest") source_options.start = azure::KafkaSourceOptions::Start::latest;
    azure::KafkaLimits limits;
    // The mock cluster waits for most of it whenever it shares partitions anew.
    limits.session = std::chrono::seconds(6);
    limits.look_every = std::chrono::milliseconds(300);
    if (options.contains("messages")) limits.messages = std::stoul(options["messages"]);
    if (options.contains("bytes")) limits.bytes = std::stoul(options["bytes"]);

    asio::io_context loop;
    SystemClock clock;
    PrintedLog log;
    Offload offload(loop.get_executor());
    OneToken tokens(options["token"]);
    Taker taker(options.contains("hold"));
    azure::KafkaSource source(loop.get_executor(), offload, std::move(source_options), &tokens, clock, log, limits);
    return run(loop, live(source, taker));
}
