/// The chain of hashes through the history.
///
/// Each line's hash is SHA-256 over the hash before it and everything in the line, each part written as a netstring
/// (`LENGTH:BYTES,`): previous hash, number, time in milliseconds since 1970, outcome, code, vault, secret, text. The
/// hash before the first line is 64 zeros. docs/operations/store.md shows it in another language.

#pragma once

#include "ports/outcome_history.h"

#include <string>
#include <string_view>

namespace kssedr::store {

/// The hash before line 1.
inline constexpr std::string_view chain_begin = "0000000000000000000000000000000000000000000000000000000000000000";

/// Lower-case hex.
[[nodiscard]] std::string hash_line(std::string_view previous, std::uint64_t number, ports::HistoryLine const& line);

/// The longest text that is kept of an outcome.
inline constexpr std::size_t line_text_max = std::size_t{1} << 20U;

/// A line as it is kept: every part of it text that both databases take, whatever came from outside.
[[nodiscard]] ports::HistoryLine fit_line(ports::HistoryLine line);

/// A name as it is kept and looked for.
[[nodiscard]] std::string fit_name(std::string_view name);

}  // namespace kssedr::store
