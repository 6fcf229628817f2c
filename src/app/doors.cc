#include "app/doors.h"

namespace kssedr::app {

Task<listen::Response> Doors::Handler::handle(listen::Request& request) {
    listen::Response response;
    response.status = request.path() == "/healthz" || generation_->ledger().trouble().empty() ? 200 : 503;
    response.body = generation_->ledger().trouble() + "\n";
    co_return response;
}

}  // namespace kssedr::app
