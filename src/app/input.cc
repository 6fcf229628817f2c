#include "app/input.h"

#include "base/ascii.h"

#include <array>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kssedr::app {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number, bool is_ours) : number_(number), is_ours_(is_ours) {}
    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    ~Descriptor() {
        if (is_ours_ && number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
    bool is_ours_;
};

Failure refuse(std::string const& name, std::string_view why) {
    return fail(Errc::invalid_argument, name + " can not be read: " + std::string(why));
}

Failure refuse_by_system(std::string const& name) {
    return refuse(name, std::generic_category().message(errno));
}

Result<std::string> read_all(int descriptor, std::string const& name, std::size_t size_max) {
    std::string content;
    std::array<char, 64U << 10U> piece{};
    while (true) {
        auto const count = ::read(descriptor, piece.data(), piece.size());
        if (count == 0) return content;
        if (count > 0) {
            content.append(piece.data(), static_cast<std::size_t>(count));
            if (content.size() > size_max)
                return refuse(name, "it is larger than " + std::to_string(size_max >> 20U) + " MB");
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return refuse_by_system(name);
        pollfd waited{.fd = descriptor, .events = POLLIN, .revents = 0};
        (void)::poll(&waited, 1, -1);
    }
}

}  // namespace

Result<std::string> read_input(std::string const& file, std::size_t size_max) {
    bool const is_standard = file == "-";
    auto const name = is_standard ? std::string("standard input") : escape_for_display(file);
    // Without O_NONBLOCK a pipe would be opened only once somebody opened it for writing, which may be never.
    Descriptor const input(is_standard ? STDIN_FILENO : ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK),
                           !is_standard);
    if (input.number() < 0) return refuse_by_system(name);
    struct stat status{};
    if (::fstat(input.number(), &status) != 0) return refuse_by_system(name);
    if (S_ISDIR(status.st_mode)) return refuse(name, "it is a directory; name a file, or - for standard input");
    auto content = read_all(input.number(), name, size_max);
    if (content && content->empty() && !is_standard && S_ISFIFO(status.st_mode))
        return refuse(name, "it is a pipe that nobody writes to");
    return content;
}

}  // namespace kssedr::app
