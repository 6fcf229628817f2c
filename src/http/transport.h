/// Transport: one HTTP call out, one answer in.
///
/// The door to every outgoing HTTP request. It never repeats, never follows a redirect, verifies TLS always, and
/// stops at its limits. Status codes are not errors here: any answer is a `Response`. A failure says whether
/// the request can have reached the service (`outcome_unknown`) or not (`unavailable`, `deadline_exceeded`).

#pragma once

#include "async/async.h"
#include "base/secret_string.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kssedr::http {

enum class Method : std::uint8_t { get, put, post, patch, del, head };

[[nodiscard]] std::string_view to_string(Method method);

/// A header whose value is not secret. Secret ones travel in `Request::authorization` and `Request::secret_headers`.
using Header = std::pair<std::string, std::string>;
using SecretHeader = std::pair<std::string, SecretString>;

struct Request {
    Method method = Method::get;
    std::string url;            ///< absolute; https, or http where the caller's protocol says so (managed identity)
    SecretString secret_query;  ///< put behind the URL's query, such as a shared access signature; in no log
    std::vector<Header> headers;
    SecretString authorization;                ///< the whole value of the Authorization header; empty: none is sent
    std::vector<SecretHeader> secret_headers;  ///< other headers with secret values, such as a managed identity's
    SecretString body;
    /// Whether sending it twice does no more than sending it once. It decides what may happen to a pooled connection
    /// that the service has closed meanwhile: a repeatable request goes out again on a new one; any other gets a new
    /// connection from the start, since on an old one nobody can tell whether it was read. `get` and `head` are always
    /// repeatable.
    bool repeatable = false;
    std::size_t response_limit = 1U << 20U;  ///< a longer answer is `corrupt`
    bool use_proxy = true;                   ///< false for instance metadata, which must never go through one
};

struct Response {
    long status = 0;
    std::vector<Header> headers;  ///< names in lower case; of the last answer only
    SecretString body;

    /// The value of a header, named in lower case; empty where it was not sent.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

class Transport {
public:
    virtual ~Transport() = default;

    /// Sends once (but see `Request::repeatable`). Errors: `unavailable` (no connection was made, or TLS failed: the
    /// request was not sent), `outcome_unknown` (sent at least in part, no whole answer), `deadline_exceeded` (the
    /// deadline had passed before anything was sent), `corrupt` (the answer is over its limit or no HTTP),
    /// `invalid_argument` (the URL is none).
    virtual Async<Response> send(Request request, SteadyPoint deadline) = 0;
};

}  // namespace kssedr::http
