/// CurlLoop: libcurl's multi handle, driven by the event loop.
///
/// libcurl says which sockets it wants watched and when it wants to be called; the loop waits for both and calls back.
/// No callback of libcurl runs a coroutine: whoever waits is told after libcurl has returned, so it is never entered
/// twice. Event loop thread only.

#pragma once

#include "async/async.h"
#include "http/curl_call.h"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <curl/curl.h>

#include <cstdint>
#include <map>
#include <memory>

namespace kssedr::http {

struct Ended {
    CURLcode code = CURLE_OK;
    Ending ending = Ending::by_curl;
};

class CurlLoop final : public std::enable_shared_from_this<CurlLoop> {
public:
    CurlLoop(asio::any_io_executor executor, TransportOptions const& options);
    CurlLoop(CurlLoop const&) = delete;
    CurlLoop& operator=(CurlLoop const&) = delete;
    /// Transfers that are still under way end without a word to those who wait for them.
    ~CurlLoop();

    /// Runs a transfer to its end, for at most `limit`. The handle is back in the caller's hands afterwards, also when
    /// the awaiting coroutine is cancelled (which throws `operation_aborted`).
    Task<Ended> run(CURL* easy, Duration limit);

private:
    using Handler = asio::any_completion_handler<void(boost::system::error_code, Ended)>;
    struct Watch;
    struct Transfer {
        CURL* easy;
        Handler handler;
        std::unique_ptr<asio::steady_timer> deadline;
    };
    using Transfers = std::map<std::uint64_t, Transfer>;

    static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void* watch);
    static int on_timer(CURLM* multi, long delay_ms, void* self);

    template <class H>
    void start(CURL* easy, Duration limit, H unerased);
    /// How those who wait are told: where the event loop has called us at once, else by its next turn.
    enum class Told : std::uint8_t { at_once, soon };

    void end(std::uint64_t id, boost::system::error_code error, Ended ended);
    void tell(Handler handler, boost::system::error_code error, Ended ended, Told told);
    void watch(curl_socket_t socket, int what);
    void arm(std::shared_ptr<Watch> const& watched);
    void arm(std::shared_ptr<Watch> const& watched, int direction);
    void act_soon();
    void wait_for_due();
    void act(curl_socket_t socket, int events, Told told = Told::at_once);
    void collect(Told told);

    asio::any_io_executor executor_;
    asio::steady_timer timer_;
    asio::steady_timer due_;   // when libcurl wants to be called; nobody waits at it
    bool is_waiting_ = false;  // at timer_
    bool acts_soon_ = false;
    bool is_adding_ = false;  // a transfer, and acts right after that
    CURLM* multi_;
    std::map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    Transfers transfers_;
    std::uint64_t next_id_ = 1;
};

}  // namespace kssedr::http
