#include "http/curl_transport.h"

#include "async/trace.h"
#include "http/curl_call.h"
#include "http/curl_handles.h"
#include "http/curl_loop.h"
#include "http/curl_memory.h"

#include <algorithm>

namespace kssedr::http {

struct CurlTransport::Started {
    Started(asio::any_io_executor const& executor, TransportOptions const& options) {
        start_curl();
        handles = std::make_shared<CurlHandles>(options);
        loop = std::make_shared<CurlLoop>(executor, options);
    }

    std::shared_ptr<CurlHandles> handles;  // shared with calls, which may be dropped later than this
    std::shared_ptr<CurlLoop> loop;
};

CurlTransport::CurlTransport(asio::any_io_executor executor, Clock& clock, Log& log, TransportOptions options)
    : executor_(std::move(executor)), clock_(clock), log_(log), options_(std::move(options)) {}

CurlTransport::~CurlTransport() = default;

Async<Response> CurlTransport::send(Request request, SteadyPoint deadline) {
    auto const began = clock_.steady_now();
    if (began >= deadline) co_return fail(Errc::deadline_exceeded, "no time was left to send a request");
    if (!started_) started_ = std::make_unique<Started>(executor_, options_);
    // What the event's trace is told of this call: it belongs to it.
    auto const executor = co_await asio::this_coro::executor;
    if (auto const trace = trace_parent_here(executor); !trace.empty())
        request.headers.emplace_back("traceparent", std::string(trace));
    CurlCall call(std::move(request), started_->handles);
    KSSEDR_CO_TRY_VOID(call.prepare());

    // A day is longer than any call; it keeps "no deadline" from overflowing a timer.
    Duration const limit = std::min<Duration>(deadline - began, std::chrono::hours(24));
    auto const ended = co_await started_->loop->run(call.handle(), limit);
    auto result = call.finish(ended.code, ended.ending);

    if (log_.keeps(LogLevel::debug)) tell(call, result, clock_.steady_now() - began);
    co_return result;
}

void CurlTransport::tell(CurlCall const& call, Result<Response> const& result, Duration took) {
    auto const method = std::string(to_string(call.method()));
    auto const milliseconds = std::to_string(took.count());
    if (result) {
        log_.debug("http.answered", {{"method", method},
                                     {"host", call.host()},
                                     {"path", call.path()},
                                     {"status", std::to_string(result->status)},
                                     {"ms", milliseconds}});
    } else {
        log_.debug("http.failed", {{"method", method},
                                   {"host", call.host()},
                                   {"path", call.path()},
                                   {"error", std::string(to_string(result.error().code()))},
                                   {"ms", milliseconds}});
    }
}

}  // namespace kssedr::http
