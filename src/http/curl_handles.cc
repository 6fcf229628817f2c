#include "http/curl_handles.h"

#include "base/check.h"

#include <algorithm>
#include <string>

namespace kssedr::http {
namespace {

// As many calls as are commonly under way at once.
constexpr std::size_t idle_max = 32;

}  // namespace

CurlHandles::CurlHandles(TransportOptions const& options) : options_(options) {
    for (auto const& entry : options.resolve) resolve_ = curl_slist_append(resolve_, entry.c_str());
}

CurlHandles::~CurlHandles() {
    for (auto* const handle : idle_) curl_easy_cleanup(handle);
    curl_slist_free_all(resolve_);
}

Result<CURL*> CurlHandles::take() {
    if (!idle_.empty()) {
        auto* const handle = idle_.back();
        idle_.pop_back();
        return handle;
    }
    auto* const handle = curl_easy_init();
    KSSEDR_CHECK(handle != nullptr, "libcurl gave no handle");
    auto const refused = set_up(handle);
    if (refused == CURLoption{}) return handle;
    curl_easy_cleanup(handle);
    return fail(Errc::internal, "libcurl does not take its option " + std::to_string(refused));
}

void CurlHandles::give_back(CURL* handle) {
    if (idle_.size() < idle_max) return idle_.push_back(handle);
    curl_easy_cleanup(handle);
}

CURLoption CurlHandles::set_up(CURL* handle) const {
    CURLoption refused{};
    auto const set = [&](CURLoption option, auto value) {
        if (curl_easy_setopt(handle, option, value) != CURLE_OK) refused = option;
    };
    // A request goes where its URL says and nowhere else, as it is written.
    set(CURLOPT_PROTOCOLS_STR, "https,http");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (resolve_ != nullptr) set(CURLOPT_RESOLVE, resolve_);

    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) {
        set(CURLOPT_CAINFO, options_.ca_file.c_str());
        set(CURLOPT_PROXY_CAINFO, options_.ca_file.c_str());
    }
    // Reading the system's bundle takes tens of milliseconds: once an hour, not once a connection. libcurl caches it
    // only where no directory of certificates is asked too, and Debian's asks one by default.
    set(CURLOPT_CAPATH, static_cast<char const*>(nullptr));
    set(CURLOPT_PROXY_CAPATH, static_cast<char const*>(nullptr));
    set(CURLOPT_CA_CACHE_TIMEOUT, 3600L);

    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_NOSIGNAL, 1L);
    // What libcurl takes for each call and wipes after it: as little as it may be, for bodies of a few kilobytes.
    set(CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    // A cancelled call must not hold up the event loop until a slow name server has answered.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_limit.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(options_.silence_limit.count() / 1000)));
    set(CURLOPT_USERAGENT, options_.user_agent.c_str());
    return refused;
}

}  // namespace kssedr::http
