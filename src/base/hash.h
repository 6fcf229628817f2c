/// SHA-256 and HMAC-SHA-256, as bytes.

#pragma once

#include <string>
#include <string_view>

namespace kssedr {

[[nodiscard]] std::string sha256(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace kssedr
