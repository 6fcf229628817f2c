#include "providers/hook_process.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace kssedr::providers {
namespace {

using Descriptor = asio::posix::stream_descriptor;

constexpr std::size_t said_max = 1024;
constexpr std::size_t room_size = 4096;
constexpr int report_descriptor = 3;
constexpr rlim_t usual_descriptors = 1024;

/// A descriptor that is closed.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Fd() { close(); }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

struct Pipe {
    Fd read;
    Fd write;

    static Result<Pipe> open() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0)
            return fail(Errc::unavailable, std::string("no pipe can be made: ") + std::strerror(errno));
        return Pipe{Fd(ends[0]), Fd(ends[1])};
    }
};

/// What the new process needs, made before it is there: between fork and exec nothing may be allocated.
struct Plan {
    std::vector<char*> arguments;
    std::vector<SecretString> variables;  // NAME=value and a NUL
    std::vector<char*> environment;
    std::array<int, 4> descriptors;  // to be 0, 1, 2 and the report's
    pid_t parent;
};

Plan make_plan(rotation::Hook const& hook) {
    Plan plan{};
    // execve writes to neither.
    for (auto const& argument : hook.command) plan.arguments.push_back(const_cast<char*>(argument.c_str()));
    plan.arguments.push_back(nullptr);
    for (auto const& [name, value] : hook.environment) {
        auto& variable = plan.variables.emplace_back(SecretString::copy_of(name + "="));
        variable.append(value.expose());
        variable.append(std::string_view("", 1));
    }
    for (auto& variable : plan.variables) plan.environment.push_back(variable.expose_mutable().data());
    plan.environment.push_back(nullptr);
    plan.parent = ::getpid();
    return plan;
}

void forget_signals() {
    struct sigaction usual{};
    usual.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &usual, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void limit() {
    rlimit const no_dump{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_dump);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = std::min(files.rlim_max, usual_descriptors);
    ::setrlimit(RLIMIT_NOFILE, &files);
}

bool place_descriptors(std::array<int, 4> const& descriptors) {
    std::array<int, 4> apart{};
    for (std::size_t i = 0; i < apart.size(); ++i) apart[i] = ::fcntl(descriptors[i], F_DUPFD_CLOEXEC, 10);
    for (int i = 0; i < report_descriptor; ++i)
        if (::dup2(apart[static_cast<std::size_t>(i)], i) < 0) return false;
    if (::dup3(apart.back(), report_descriptor, O_CLOEXEC) < 0) return false;
    if (::syscall(SYS_close_range, report_descriptor + 1, ~0U, 0) == 0) return true;
    // Before Linux 5.9. Those beyond are not seen to be used.
    for (int i = report_descriptor + 1; i < 65536; ++i) ::close(i);
    return true;
}

// The new process's way to its program. Async-signal-safe throughout: other threads may hold any lock.
[[noreturn]] void become(Plan const& plan) {
    ::setpgid(0, 0);
    // It is the thread of the event loop that the kernel watches; when it ends so does kssedr.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != plan.parent) ::_exit(127);
    bool const is_placed = place_descriptors(plan.descriptors);
    limit();
    forget_signals();
    ::umask(S_IRWXG | S_IRWXO);
    if (is_placed && ::chdir("/") == 0)
        ::execve(plan.arguments.front(), plan.arguments.data(), plan.environment.data());
    int const why = errno;
    (void)!::write(report_descriptor, &why, sizeof why);
    ::_exit(127);
}

// Reads to the end, or to more than `most`.
Task<SecretString> read_up_to(Descriptor& from, std::size_t most) {
    SecretString text;
    auto room = SecretString::copy_of(std::string(room_size, '\0'));
    while (text.size() <= most) {
        auto const span = room.expose_mutable();
        auto const [error, count] =
            co_await from.async_read_some(asio::buffer(span.data(), span.size()), asio::as_tuple(asio::use_awaitable));
        text.append({span.data(), count});
        if (error) break;
    }
    co_return text;
}

std::string describe(int status) {
    if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
    return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

/// A process that is under way; ends it, with its group.
class HookProcess::Running {
public:
    Running(HookProcess& owner, pid_t pid) : owner_(owner), pid_(pid) {}
    Running(Running const&) = delete;
    Running& operator=(Running const&) = delete;
    ~Running() {
        if (!status_ && !see_end()) {
            kill();
            owner_.killed_.push_back(pid_);
        }
        owner_.reap();
    }

    // Until its end was seen, its number is nobody else's.
    void kill() const { ::kill(-pid_, SIGKILL); }

    /// Whether it has ended; what it has left behind ends then.
    bool see_end() {
        siginfo_t seen{};
        if (::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOHANG | WNOWAIT) != 0 || seen.si_pid == 0)
            return false;
        kill();
        int status = 0;
        ::waitpid(pid_, &status, 0);
        status_ = status;
        return true;
    }

    [[nodiscard]] std::optional<int> status() const { return status_; }

private:
    HookProcess& owner_;
    pid_t pid_;
    std::optional<int> status_;
};

HookProcess::~HookProcess() {
    reap();
}

void HookProcess::reap() {
    std::erase_if(killed_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
}

namespace {

/// The ends that are ours.
struct Ends {
    Descriptor out, err, report, end;
};

// Whether exec failed, and why; nothing where it did not.
std::optional<int> read_report(Descriptor& report) {
    int why = 0;
    ::fcntl(report.native_handle(), F_SETFL, O_NONBLOCK);
    return ::read(report.native_handle(), &why, sizeof why) == sizeof why ? std::optional(why) : std::nullopt;
}

}  // namespace

Async<HookAnswer> HookProcess::run(rotation::Hook const& hook, SecretString input, SteadyPoint deadline) {
    using namespace asio::experimental::awaitable_operators;
    auto const executor = co_await asio::this_coro::executor;
    if (clock_.steady_now() >= deadline) co_return fail(Errc::deadline_exceeded, "there was no time left to run it");
    KSSEDR_CO_TRY(auto in, Pipe::open());
    KSSEDR_CO_TRY(auto out, Pipe::open());
    KSSEDR_CO_TRY(auto err, Pipe::open());
    KSSEDR_CO_TRY(auto report, Pipe::open());
    // A pipe takes as much as that at once, before anybody reads.
    ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
    auto const written = ::write(in.write.get(), input.expose().data(), input.size());
    in.write.close();
    if (written != static_cast<ssize_t>(input.size())) co_return fail(Errc::unavailable, "no pipe takes its input");
    auto plan = make_plan(hook);
    plan.descriptors = {in.read.get(), out.write.get(), err.write.get(), report.write.get()};
    pid_t const pid = ::fork();
    if (pid == 0) become(plan);
    if (pid < 0) co_return fail(Errc::unavailable, std::string("no process can be made: ") + std::strerror(errno));
    Running running(*this, pid);
    ::setpgid(pid, pid);  // both do it: neither has to wait for the other
    for (auto* const theirs : {&in.read, &out.write, &err.write, &report.write}) theirs->close();
    Fd end(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (end.get() < 0)
        co_return HookAnswer{{}, Error(Errc::outcome_unknown, "its end can not be watched: Linux 5.3 is needed")};
    Ends ends{Descriptor(executor, out.read.release()), Descriptor(executor, err.read.release()),
              Descriptor(executor, report.read.release()), Descriptor(executor, end.release())};

    HookAnswer answer;
    bool is_too_long = false;
    auto const read_answer = [&]() -> Task<void> {
        answer.text = co_await read_up_to(ends.out, hook_answer_max);
        is_too_long = answer.text.size() > hook_answer_max;
        if (is_too_long) running.kill();
    };
    auto const read_said = [&]() -> Task<void> {
        answer.said = co_await read_up_to(ends.err, said_max);
        // What comes after it is not kept, and must not make the program wait.
        SecretString more;
        do {
            more = co_await read_up_to(ends.err, room_size);
        } while (more.size() > room_size);
    };
    auto const see_end = [&]() -> Task<void> {
        co_await ends.end.async_wait(Descriptor::wait_read, asio::use_awaitable);
        (void)running.see_end();
    };
    auto const ended = co_await ((read_answer() && read_said() && see_end()) || clock_.sleep_until(deadline));
    if (auto const why = read_report(ends.report))
        co_return fail(Errc::unavailable, "it could not be started: " + std::string(std::strerror(*why)));
    if (is_too_long) {
        answer.text.clear();
        answer.failure = Error(Errc::outcome_unknown, "it wrote more than an answer may have");
    } else if (ended.index() != 0) {
        answer.text.clear();
        answer.failure = Error(Errc::outcome_unknown, "it did not end in time");
    } else if (auto const status = running.status(); status && *status != 0) {
        answer.failure = Error(Errc::outcome_unknown, describe(*status));
    }
    co_return answer;
}

}  // namespace kssedr::providers
