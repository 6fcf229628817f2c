#include "server/answers.h"

#include "base/encoding.h"
#include "base/hash.h"
#include "formats/json_text.h"

#include <algorithm>

namespace kssedr::server {
namespace {

constexpr Duration usual_wait = std::chrono::seconds{30};

// `'sha256-…'` of what stands between the tags: the one script, or style, that the page may have.
std::string source_of(std::string_view page, std::string_view open, std::string_view close) {
    auto const begin = page.find(open);
    auto const end = page.find(close, begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) return "'none'";
    auto const text = page.substr(begin + open.size(), end - begin - open.size());
    return "'sha256-" + format_base64(sha256(text)) + '\'';
}

}  // namespace

listen::Response answer(unsigned status, std::string_view content_type, std::string body) {
    listen::Response response;
    response.status = status;
    if (!content_type.empty()) response.headers.add("Content-Type", std::string(content_type));
    response.headers.add("Cache-Control", "no-store");
    response.headers.add("X-Content-Type-Options", "nosniff");
    response.body = std::move(body);
    return response;
}

listen::Response answer_page(std::string_view page) {
    auto response = answer(200, html_type, std::string(page));
    response.headers.add("Content-Security-Policy",
                         "default-src 'none'; script-src " + source_of(page, "<script>", "</script>") + "; style-src " +
                             source_of(page, "<style>", "</style>") +
                             "; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response.headers.add("Referrer-Policy", "no-referrer");
    return response;
}

listen::Response answer_error(unsigned status, std::string_view code, std::string_view message, std::string_view cure) {
    std::string body = R"({"error":{"code":)" + formats::format_json_string(code) + R"(,"message":)" +
                       formats::format_json_string(message);
    if (!cure.empty()) body += R"(,"cure":)" + formats::format_json_string(cure);
    return answer(status, json_type, body + "}}");
}

listen::Response answer_unavailable(Error const& error) {
    auto response = answer_error(503, "Unavailable", error.message(), "try again later; /readyz says what is wrong");
    add_retry_after(response, error.retry_after().value_or(usual_wait));
    return response;
}

void add_retry_after(listen::Response& response, Duration wait) {
    auto const seconds = std::max(std::chrono::ceil<std::chrono::seconds>(wait), std::chrono::seconds{1});
    response.headers.add("Retry-After", std::to_string(seconds.count()));
}

}  // namespace kssedr::server
