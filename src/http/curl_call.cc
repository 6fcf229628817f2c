#include "http/curl_call.h"

#include "base/ascii.h"
#include "base/check.h"

#include <algorithm>
#include <charconv>

namespace kssedr::http {
namespace {

constexpr std::size_t header_bytes_max = 64U << 10U;
// In seconds: how long a connection may have rested that is given what may not be sent twice.
constexpr long rests_at_most = 2;
constexpr long rests_at_most_by_default = 118;  // libcurl's own

std::string_view after_scheme(std::string_view url) {
    auto const at = url.find("://");
    return at == std::string_view::npos ? std::string_view() : url.substr(at + 3);
}

bool is_header_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return is_ascii_letter(c) || is_ascii_digit(c) || c == '-' || c == '_';
    });
}

// A line end in a value would be a second header, or a second request. It does not stop at what it finds, so that many
// characters of a token are looked at in one step.
bool is_header_value(std::string_view value) {
    bool is_clean = true;
    for (char const c : value) is_clean &= static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    return is_clean;
}

std::string_view authority_of(std::string_view url) {
    auto const rest = after_scheme(url);
    return rest.substr(0, rest.find_first_of("/?#"));
}

bool is_url_text(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_url(std::string_view url) {
    return (url.starts_with("https://") || url.starts_with("http://")) && !authority_of(url).contains('@') &&
           is_url_text(url);
}

}  // namespace

CurlCall::CurlCall(Request request, std::shared_ptr<CurlHandles> handles)
    : request_(std::move(request)), handles_(std::move(handles)) {}

CurlCall::~CurlCall() {
    if (easy_ != nullptr && is_reusable_) {
        clear();
        handles_->give_back(easy_);
    } else if (easy_ != nullptr) {
        curl_easy_cleanup(easy_);
    }
    curl_slist_free_all(headers_);
}

// Leaves the handle as it was taken.
void CurlCall::clear() {
    set(CURLOPT_URL, static_cast<char const*>(nullptr));
    set(CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
    set(CURLOPT_HEADERDATA, static_cast<void*>(nullptr));
    set(CURLOPT_WRITEDATA, static_cast<void*>(nullptr));
    set(CURLOPT_PREREQDATA, static_cast<void*>(nullptr));
    set(CURLOPT_PRIVATE, static_cast<void*>(nullptr));
    set(CURLOPT_MAXAGE_CONN, rests_at_most_by_default);
    set(CURLOPT_POSTFIELDS, static_cast<char const*>(nullptr));
    set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{-1});
    set(CURLOPT_CUSTOMREQUEST, static_cast<char const*>(nullptr));
    set(CURLOPT_HTTPGET, 1L);
    set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
}

std::string CurlCall::host() const {
    auto const authority = authority_of(request_.url);
    return escape_for_display(authority.substr(authority.rfind('@') + 1));  // what stands before is a password
}

std::string CurlCall::path() const {
    auto rest = after_scheme(request_.url);
    rest = rest.substr(0, rest.find_first_of("?#"));
    auto const slash = rest.find('/');
    return slash == std::string_view::npos ? "/" : escape_for_display(rest.substr(slash), 256);
}

bool CurlCall::is_repeatable() const {
    return request_.repeatable || request_.method == Method::get || request_.method == Method::head;
}

Result<void> CurlCall::check_request() const {
    if (!is_url(request_.url))
        return fail(Errc::invalid_argument, "\"" + host() + "\" is in no URL that a request can go to");
    if (!is_url_text(request_.secret_query.expose()) || request_.secret_query.expose().contains('#'))
        return fail(Errc::invalid_argument, "the secret part of the query has characters that no URL can carry");
    for (auto const& [name, value] : request_.headers)
        if (!is_header_name(name) || !is_header_value(value))
            return fail(Errc::invalid_argument, "header " + escape_for_display(name) + " cannot be sent");
    for (auto const& [name, value] : request_.secret_headers)
        if (!is_header_name(name) || !is_header_value(value.expose()))
            return fail(Errc::invalid_argument, "header " + escape_for_display(name) + " cannot be sent");
    if (!is_header_value(request_.authorization.expose()))
        return fail(Errc::invalid_argument, "the token has characters that no header can carry");
    return {};
}

Result<void> CurlCall::prepare() {
    KSSEDR_TRY_VOID(check_request());
    KSSEDR_TRY(easy_, handles_->take());
    set_url();
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_HEADERFUNCTION, &CurlCall::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &CurlCall::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_PREREQFUNCTION, &CurlCall::on_request);
    set(CURLOPT_PREREQDATA, this);
    if (!request_.use_proxy) {
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NOPROXY, "*");
    }
    if (!is_repeatable()) set(CURLOPT_MAXAGE_CONN, rests_at_most);  // why: on_request
    set_method();
    set_headers();
    if (refused_option_ != CURLoption{})
        return fail(Errc::internal, "libcurl does not take its option " + std::to_string(refused_option_));
    return {};
}

// libcurl copies the URL, into memory that it wipes (curl_memory.h).
void CurlCall::set_url() {
    if (request_.secret_query.empty()) {
        set(CURLOPT_URL, request_.url.c_str());
        return;
    }
    SecretString whole;
    whole.reserve(request_.url.size() + request_.secret_query.size() + 2);
    whole.append(request_.url);
    whole.append(request_.url.contains('?') ? "&" : "?");
    whole.append(request_.secret_query.expose());
    whole.append(std::string_view("\0", 1));
    set(CURLOPT_URL, whole.expose().data());
}

void CurlCall::set_method() {
    bool const has_body = request_.method == Method::put || request_.method == Method::post ||
                          request_.method == Method::patch || !request_.body.empty();
    if (has_body) {
        set(CURLOPT_POST, 1L);
        // Not copied by libcurl: the bytes stay this object's.
        set(CURLOPT_POSTFIELDS, request_.body.empty() ? "" : request_.body.expose().data());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    }
    if (request_.method == Method::head) {
        set(CURLOPT_NOBODY, 1L);
    } else if (request_.method != Method::get || has_body) {
        set(CURLOPT_CUSTOMREQUEST, std::string(to_string(request_.method)).c_str());
    }
}

void CurlCall::set_headers() {
    bool typed = false;
    for (auto const& [name, value] : request_.headers) {
        add_header(name, value);
        typed = typed || equals_ignore_case(name, "content-type");
    }
    for (auto const& [name, value] : request_.secret_headers) add_header(name, value.expose());
    if (!request_.authorization.empty()) add_header("Authorization", request_.authorization.expose());
    // What libcurl would add by itself: a form's content type, and a question before larger bodies that costs a round
    // trip.
    if (!typed) headers_ = curl_slist_append(headers_, "Content-Type:");
    headers_ = curl_slist_append(headers_, "Expect:");
    set(CURLOPT_HTTPHEADER, headers_);
}

void CurlCall::add_header(std::string_view name, std::string_view value) {
    SecretString line;
    line.reserve(name.size() + value.size() + 3);
    line.append(name);
    // "Name;" is libcurl's way of writing a header with no value.
    line.append(value.empty() ? ";" : ": ");
    line.append(value);
    line.append(std::string_view("\0", 1));
    curl_slist* const longer = curl_slist_append(headers_, line.expose().data());
    KSSEDR_CHECK(longer != nullptr, "libcurl has no memory for a header");
    headers_ = longer;
}

// Called each time libcurl is about to send the request over a connection that is ready for it. It would send a second
// time, by itself and silently, when a reused connection ends without a byte of answer: harmless for a read, but a key
// could be regenerated twice and the one in use be lost. So libcurl is stopped here when it comes a second time with a
// request that may not be repeated. Not to find out so, and then to wait out the doubt, is worth a handshake: such a
// request is given a connection that was used a moment ago, or a new one, and none whose other end may have gone
// meanwhile.
int CurlCall::on_request(void* self, char*, char*, int, int) {
    auto& call = *static_cast<CurlCall*>(self);
    if (call.times_sent_ > 0 && !call.is_repeatable()) return CURL_PREREQFUNC_ABORT;
    ++call.times_sent_;
    return CURL_PREREQFUNC_OK;
}

std::size_t CurlCall::on_header(char* bytes, std::size_t size, std::size_t count, void* self) {
    return static_cast<CurlCall*>(self)->take_header({bytes, size * count}) ? size * count : 0;
}

bool CurlCall::take_header(std::string_view line) {
    header_bytes_ += line.size();
    if (header_bytes_ > header_bytes_max) over_limit_ = true;
    if (over_limit_) return false;
    if (line.starts_with("HTTP/")) {
        // A new answer; what stood there was an interim one (1xx).
        response_.headers.clear();
        has_whole_head_ = false;
        return true;
    }
    if (trim(line).empty()) has_whole_head_ = true;
    auto const colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string name = to_ascii_lower(line.substr(0, colon));
    auto const value = trim(line.substr(colon + 1));
    if (name == "set-cookie") return true;
    if (name == "content-length" && request_.method != Method::head) {
        std::uint64_t length = 0;
        auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
        if (error == std::errc{} && length > request_.response_limit) over_limit_ = true;
        if (over_limit_) return false;
        if (error == std::errc{}) response_.body.reserve(length);
    }
    response_.headers.emplace_back(std::move(name), value);
    return true;
}

std::size_t CurlCall::on_body(char* bytes, std::size_t size, std::size_t count, void* self) {
    auto& call = *static_cast<CurlCall*>(self);
    if (call.response_.body.size() + size * count > call.request_.response_limit) {
        call.over_limit_ = true;
        return 0;
    }
    call.response_.body.append({bytes, size * count});
    return size * count;
}

Result<Response> CurlCall::finish(CURLcode code, Ending ending) {
    if (code != CURLE_OK || ending != Ending::by_curl) return fail(to_error(code, ending));
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &response_.status);
    if (response_.status == 0) return fail(Errc::corrupt, host() + " sent an answer without a status");
    // libcurl takes a connection's end for the end of the head.
    if (!has_whole_head_) return fail(Errc::outcome_unknown, host() + " ended the connection within its answer");
    // Of a query that was secret libcurl keeps a copy in the handle; and it counts how often it sent again.
    is_reusable_ = times_sent_ == 1 && request_.use_proxy && request_.secret_query.empty();
    return std::move(response_);
}

Error CurlCall::to_error(CURLcode code, Ending ending) const {
    std::string const text =
        escape_for_display(trim(error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code)), 256);
    bool const sent = times_sent_ > 0;
    if (over_limit_)
        return {Errc::corrupt,
                host() + " sent an answer longer than " + std::to_string(request_.response_limit) + " bytes"};
    // libcurl quotes the whole URL, and what is wrong with it may be that its password is not escaped.
    if (text.contains("nsupported proxy"))
        return {Errc::invalid_argument,
                "the proxy in the environment (https_proxy, http_proxy, all_proxy) is none that libcurl takes"};
    if (ending == Ending::by_deadline)
        return sent ? Error(Errc::outcome_unknown, host() + " was sent the request and did not answer in time")
                    : Error(Errc::deadline_exceeded, host() + ": time ran out before a connection stood");
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT: return {Errc::invalid_argument, host() + ": the URL is none (" + text + ")"};
    case CURLE_SETOPT_OPTION_SYNTAX:
        return {Errc::invalid_argument, "a name cannot be resolved as configured, check KSSEDR_RESOLVE (" + text + ")"};
    case CURLE_WEIRD_SERVER_REPLY: return {Errc::corrupt, host() + " did not answer in HTTP (" + text + ")"};
    case CURLE_UNSUPPORTED_PROTOCOL:
        return sent ? Error(Errc::corrupt, host() + " did not answer in HTTP (" + text + ")")
                    : Error(Errc::invalid_argument, host() + ": the URL is none (" + text + ")");
    case CURLE_PEER_FAILED_VERIFICATION:
        return {Errc::unavailable,
                host() + " is not trusted: " + text +
                    ". Where its certificate is issued by a CA of your own, name the CA in SSL_CERT_FILE"};
    case CURLE_SSL_CACERT_BADFILE:
        return {Errc::unavailable,
                "no certificate can be checked: " + text + ". SSL_CERT_FILE must name a file of certificates"};
    case CURLE_ABORTED_BY_CALLBACK:
        return {Errc::outcome_unknown, host() + " was sent the request and ended the connection without an answer"};
    default: break;
    }
    if (sent) return {Errc::outcome_unknown, host() + " was sent the request and gave no whole answer: " + text};
    return {Errc::unavailable, host() + " cannot be reached: " + text};
}

}  // namespace kssedr::http
