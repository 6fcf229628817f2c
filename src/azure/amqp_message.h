/// AmqpMessage: a message of AMQP 1.0, decoded.
///
/// Proton's own decoder keeps only the last of several data sections, so the sections are walked here. Hostile input:
/// bounded in size, depth and number; whatever is no message is `corrupt`. Source: OASIS AMQP 1.0, parts 1 (types) and
/// 3 (messaging).

#pragma once

#include "base/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kssedr::azure {

/// A value as far as anybody here asks for it: numbers of every width as 64 bits, times as milliseconds since 1970,
/// texts, symbols and bytes as texts. What has another type is nothing.
struct AmqpValue {
    using List = std::vector<AmqpValue>;
    using Map = std::vector<std::pair<AmqpValue, AmqpValue>>;

    std::variant<std::monostate, bool, std::int64_t, std::string, List, Map> held{};

    [[nodiscard]] std::int64_t const* number() const { return std::get_if<std::int64_t>(&held); }
    [[nodiscard]] std::string const* text() const { return std::get_if<std::string>(&held); }
    [[nodiscard]] List const* list() const { return std::get_if<List>(&held); }
    /// The value of a key that is a text, in a map; null where there is none.
    [[nodiscard]] AmqpValue const* find(std::string_view key) const;
};

struct AmqpMessage {
    AmqpValue annotations;             ///< of the message
    AmqpValue application_properties;  ///< a map
    std::string correlation_id;        ///< where it is a text
    std::string body;                  ///< all data sections, joined; a value that is a text or bytes
    AmqpValue value;                   ///< the body, where it is a value

    /// An annotation's, or a property's.
    [[nodiscard]] static std::int64_t number_of(AmqpValue const& map, std::string_view key, std::int64_t otherwise);
    [[nodiscard]] static std::string text_of(AmqpValue const& map, std::string_view key);
};

[[nodiscard]] Result<AmqpMessage> parse_amqp_message(std::string_view bytes);

}  // namespace kssedr::azure
