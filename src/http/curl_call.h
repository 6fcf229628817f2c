/// CurlCall: one request on its way through libcurl.
///
/// Has an easy handle for as long as it lives, and owns everything that points to. libcurl keeps pointers into this
/// object, so it neither moves nor is copied, and the handle must have left its multi handle before the object dies.

#pragma once

#include "http/curl_handles.h"
#include "http/transport.h"

#include <curl/curl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kssedr::http {

/// How far a transfer came; `CURLcode` says the rest.
enum class Ending : std::uint8_t { by_curl, by_deadline };

class CurlCall {
public:
    CurlCall(Request request, std::shared_ptr<CurlHandles> handles);
    CurlCall(CurlCall const&) = delete;
    CurlCall& operator=(CurlCall const&) = delete;
    ~CurlCall();

    /// Hands the request to libcurl. `invalid_argument` where it is no request at all.
    Result<void> prepare();
    [[nodiscard]] CURL* handle() const { return easy_; }

    /// What came of it. Called once, after the transfer has ended.
    Result<Response> finish(CURLcode code, Ending ending);

    /// For logs and messages: `host[:port]` and the path, without the query.
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::string path() const;
    [[nodiscard]] Method method() const { return request_.method; }

private:
    static std::size_t on_header(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_request(void* self, char* remote, char* local, int remote_port, int local_port);

    template <class T>
    void set(CURLoption option, T value) {
        if (curl_easy_setopt(easy_, option, value) != CURLE_OK) refused_option_ = option;
    }
    Result<void> check_request() const;
    void set_url();
    void clear();
    void set_method();
    void set_headers();
    void add_header(std::string_view name, std::string_view value);
    bool take_header(std::string_view line);
    [[nodiscard]] bool is_repeatable() const;
    [[nodiscard]] Error to_error(CURLcode code, Ending ending) const;

    Request request_;
    std::shared_ptr<CurlHandles> handles_;
    curl_slist* headers_ = nullptr;
    CURL* easy_ = nullptr;
    CURLoption refused_option_{};
    Response response_;
    std::size_t header_bytes_ = 0;
    int times_sent_ = 0;  // how often libcurl was about to send the request
    bool has_whole_head_ = false;
    bool is_reusable_ = false;
    bool over_limit_ = false;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace kssedr::http
