#include "app/notify.h"

#include <algorithm>
#include <cstddef>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace kssedr::app {

void ServiceNotifier::tell(std::string_view state) const {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    bool const is_name = socket_name_.starts_with('/') || socket_name_.starts_with('@');
    if (!is_name || socket_name_.size() >= sizeof(address.sun_path)) return;
    std::ranges::copy(socket_name_, address.sun_path);
    // An abstract name begins with a NUL on the wire.
    if (socket_name_.front() == '@') address.sun_path[0] = '\0';
    int const socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return;
    auto const length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_name_.size());
    (void)::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<sockaddr const*>(&address),
                   length);
    ::close(socket);
}

}  // namespace kssedr::app
