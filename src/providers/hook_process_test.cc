#include "providers/hook_process.h"

#include "support/loop_test.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kssedr::providers {
namespace {

using namespace std::chrono_literals;

class HookProcesses : public test::LoopTest {
protected:
    static rotation::Hook shell(std::string script) {
        return {.owner = *rotation::OwnerId::parse("hook:relay"), .command = {"/bin/sh", "-c", std::move(script)}};
    }
    HookAnswer run_it(rotation::Hook const& hook, Duration in = 20s, std::string_view input = "{}\n") {
        auto answer = try_it(hook, in, input);
        if (!answer) ADD_FAILURE() << answer.error().message();
        return answer ? *std::move(answer) : HookAnswer{};
    }
    Result<HookAnswer> try_it(rotation::Hook const& hook, Duration in = 20s, std::string_view input = "{}\n") {
        Result<HookAnswer> result = fail(Errc::internal, "it did not end");
        auto const body = [&]() -> Task<void> {
            result = co_await processes_.run(hook, SecretString::copy_of(input), after(in));
        };
        run(body());
        return result;
    }
    static std::string failure(HookAnswer const& answer) { return answer.failure ? answer.failure->message() : ""; }

    HookProcess processes_{clock()};
};

TEST_F(HookProcesses, ItReadsAndWrites) {
    auto const answer = run_it(shell("cat; echo a word for people >&2"), 20s, std::string(4096, 'x'));
    EXPECT_EQ(answer.text.expose(), std::string(4096, 'x'));
    EXPECT_EQ(answer.said.expose(), "a word for people\n");
    EXPECT_FALSE(answer.failure);
}

TEST_F(HookProcesses, ArgumentsAreNotInterpreted) {
    rotation::Hook hook = shell("printf '<%s>' \"$@\"");
    hook.command.insert(hook.command.end(), {"-", "a b", "", "$HOME;"});
    EXPECT_EQ(run_it(hook).text.expose(), "<a b><><$HOME;>");
}

TEST_F(HookProcesses, ItHasItsOwnEnvironmentAndNothingElse) {
    int const null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    int const open = ::fcntl(null, F_DUPFD, 20);  // a descriptor that is not closed by exec
    ::close(null);
    ASSERT_GE(open, 20);
    auto hook = shell("env | grep -v -e ^PWD= -e ^SHLVL= -e ^_=; pwd; umask; ulimit -c; ls /proc/$$/fd | tr '\\n' ' '");
    hook.environment.push_back({"ZONE", SecretString::copy_of("eu west=1")});
    EXPECT_EQ(run_it(hook).text.expose(), "ZONE=eu west=1\n/\n0077\n0\n0 1 2 ");
    ::close(open);
}

TEST_F(HookProcesses, SignalsAreAsUsual) {
    auto const before = std::signal(SIGPIPE, SIG_IGN);
    // Ignored, the writer would say so and end with a status.
    auto const answer = run_it(shell("grep SigIgn /proc/$$/status"));
    EXPECT_EQ(answer.text.expose(), "SigIgn:\t0000000000000000\n");
    (void)std::signal(SIGPIPE, before);
}

TEST_F(HookProcesses, HowItEndedIsTold) {
    EXPECT_EQ(failure(run_it(shell("echo '{}'; exit 3"))), "it ended with status 3");
    EXPECT_EQ(failure(run_it(shell("kill -9 $$"))), "it was ended by signal 9");
    EXPECT_EQ(failure(run_it(shell("tail -f /dev/null"), 50ms)), "it did not end in time");
    EXPECT_EQ(failure(run_it(shell("cat /dev/zero"))), "it wrote more than an answer may have");
}

TEST_F(HookProcesses, AnAnswerMayBeAsLongAsItMayBe) {
    auto const longest = run_it(shell("head -c 65536 /dev/zero"));
    EXPECT_EQ(longest.text.size(), hook_answer_max);
    EXPECT_FALSE(longest.failure);
    auto const longer = run_it(shell("head -c 65537 /dev/zero"));
    EXPECT_TRUE(longer.text.empty());
    EXPECT_EQ(failure(longer), "it wrote more than an answer may have");
}

TEST_F(HookProcesses, WhoSaysMuchIsNotHeldUp) {
    auto const answer = run_it(shell("head -c 1000000 /dev/zero >&2; echo done"));
    EXPECT_EQ(answer.text.expose(), "done\n");
    EXPECT_FALSE(answer.failure);
}

TEST_F(HookProcesses, OneThatDoesNotReadIsNoFault) {
    EXPECT_FALSE(run_it(shell("exec <&-; echo done")).failure);
}

TEST_F(HookProcesses, WhatIsNotThereWasNotStarted) {
    for (std::string const program : {"/not/there", "/etc/passwd", "/"}) {
        rotation::Hook const hook{.owner = *rotation::OwnerId::parse("hook:relay"), .command = {program}};
        auto const answer = try_it(hook);
        ASSERT_FALSE(answer) << program;
        EXPECT_EQ(answer.error().code(), Errc::unavailable) << program;
    }
    auto const late = try_it(shell("true"), -1s);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Errc::deadline_exceeded);
}

// What it has started would hold its standard output open for ever.
TEST_F(HookProcesses, WhatItLeavesBehindEndsWithIt) {
    auto const answer = run_it(shell("tail -f /dev/null & echo $!"));
    EXPECT_FALSE(answer.failure);
    EXPECT_FALSE(answer.text.empty());
}

TEST_F(HookProcesses, WhoeverIsCancelledEndsIt) {
    using namespace asio::experimental::awaitable_operators;
    std::string pattern = ::testing::TempDir() + "kssedr_hook_process_XXXXXX";
    std::string const folder = ::mkdtemp(pattern.data());
    auto const fifo = folder + "/fifo";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    int const reader = ::open(fifo.c_str(), O_RDONLY | O_NONBLOCK);
    int const writer = ::open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
    // Both the program and what it has started hold the pipe open; once ours is closed its end is theirs.
    auto const hook = shell("exec 9>" + fifo + "; echo begun >&9; tail -f /dev/null >/dev/null & wait");
    auto const body = [&]() -> Task<void> {
        asio::posix::stream_descriptor pipe(executor(), reader);
        std::array<char, 16> text{};
        auto const wait_for_beginning = [&]() -> Task<void> {
            co_await pipe.async_read_some(asio::buffer(text), asio::use_awaitable);
        };
        auto const deadline = after(20s);
        auto ended = co_await (processes_.run(hook, SecretString::copy_of("{}"), deadline) || wait_for_beginning());
        EXPECT_EQ(ended.index(), 1U);
        ::close(writer);
        boost::system::error_code error;
        while (!error)
            co_await pipe.async_read_some(asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
        EXPECT_EQ(error, asio::error::eof);
    };
    run(body());
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace kssedr::providers
