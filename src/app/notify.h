/// What systemd is told of a service of `Type=notify`. Source: sd_notify(3).

#pragma once

#include <string>
#include <string_view>

namespace kssedr::app {

/// Borrows nothing. Without a socket's name (NOTIFY_SOCKET) it tells nobody; so it does where the socket does not take
/// it.
class ServiceNotifier {
public:
    explicit ServiceNotifier(std::string socket_name) : socket_name_(std::move(socket_name)) {}

    /// `READY=1`, `STOPPING=1`, `RELOADING=1`, `STATUS=…`, `WATCHDOG=1`; several with line ends between them.
    void tell(std::string_view state) const;

private:
    std::string socket_name_;
};

}  // namespace kssedr::app
