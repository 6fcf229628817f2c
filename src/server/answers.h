/// What every answer of the daemon has in common.

#pragma once

#include "base/error.h"
#include "listen/http_server.h"

#include <optional>
#include <string>
#include <string_view>

namespace kssedr::server {

inline constexpr std::string_view json_type = "application/json; charset=utf-8";
inline constexpr std::string_view html_type = "text/html; charset=utf-8";

/// With the headers that no answer lacks: nothing is kept by caches, and no type is guessed.
[[nodiscard]] listen::Response answer(unsigned status, std::string_view content_type, std::string body);
/// A page with scripts: it may load nothing, be framed by nobody, and run what `page` itself holds and nothing else.
[[nodiscard]] listen::Response answer_page(std::string_view page);
/// `{"error":{"code","message","cure"}}`; `cure` says what to do, and is left out where it is empty.
[[nodiscard]] listen::Response answer_error(unsigned status, std::string_view code, std::string_view message,
                                            std::string_view cure = {});
/// A store that can not be asked now: 503 with Retry-After; its message says what to do.
[[nodiscard]] listen::Response answer_unavailable(Error const& error);
/// `Retry-After`, in whole seconds, one at least.
void add_retry_after(listen::Response& response, Duration wait);

}  // namespace kssedr::server
