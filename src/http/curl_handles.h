/// CurlHandles: libcurl's easy handles, set up for what holds of every call, and kept for the next one.
///
/// To set one up costs a good part of what a request costs; and a handle that has made a connection can take up its TLS
/// session again where the next has to be a new one. What a call puts into a handle it takes out before it gives the
/// handle back: nothing of a token, a body or a secret query rests in one.

#pragma once

#include "http/curl_transport.h"

#include <curl/curl.h>

#include <vector>

namespace kssedr::http {

class CurlHandles {
public:
    /// `options` is there whenever one is taken. `start_curl()` has been called.
    explicit CurlHandles(TransportOptions const& options);
    CurlHandles(CurlHandles const&) = delete;
    CurlHandles& operator=(CurlHandles const&) = delete;
    ~CurlHandles();

    /// A handle that is the caller's to give back or to clean up. `internal` where libcurl refuses an option.
    Result<CURL*> take();
    /// For the next call; as `take` gave it.
    void give_back(CURL* handle);

private:
    [[nodiscard]] CURLoption set_up(CURL* handle) const;

    TransportOptions const& options_;
    curl_slist* resolve_ = nullptr;
    std::vector<CURL*> idle_;
};

}  // namespace kssedr::http
