#include "app/sources.h"

namespace kssedr::app {

std::vector<std::unique_ptr<ports::EventSource>> make_sources(asio::any_io_executor const&, World&, store::Store&,
                                                              Log&) {
    return {};
}

}  // namespace kssedr::app
