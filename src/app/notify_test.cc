#include "app/notify.h"

#include <gtest/gtest.h>

#include <array>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace kssedr::app {
namespace {

TEST(ServiceNotifier, TellsTheSocketThatIsNamed) {
    std::string const path = ::testing::TempDir() + "kssedr_notify_" + std::to_string(::getpid());
    int const listener = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr const*>(&address), sizeof(address)), 0);
    ServiceNotifier(path).tell("READY=1\nSTATUS=at work");
    std::array<char, 64> told{};
    auto const length = ::recv(listener, told.data(), told.size(), 0);
    EXPECT_EQ(std::string(told.data(), length < 0 ? 0 : static_cast<std::size_t>(length)), "READY=1\nSTATUS=at work");
    ::close(listener);
    ::unlink(path.c_str());
}

// Whatever the variable holds, it is no fault of the service's.
TEST(ServiceNotifier, WithoutASocketNobodyIsTold) {
    for (std::string const name : {"", "relative", "/no/such/socket", "@kssedr-no-such"})
        ServiceNotifier(name).tell("READY=1");
    ServiceNotifier('/' + std::string(200, 'x')).tell("READY=1");
}

}  // namespace
}  // namespace kssedr::app
