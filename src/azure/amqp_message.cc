#include "azure/amqp_message.h"

#include <algorithm>
#include <bit>
#include <optional>

namespace kssedr::azure {
namespace {

constexpr int depth_max = 8;
constexpr std::size_t elements_max = 10'000;

Failure corrupt() {
    return fail(Errc::corrupt, "what came is no message of AMQP 1.0");
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] bool is_at_end() const { return bytes_.empty(); }

    /// Of a described value the descriptor's code; the value itself comes next.
    std::optional<std::uint64_t> take_descriptor() {
        auto const mark = take_number(1);
        if (!mark || *mark != 0) return std::nullopt;
        auto const descriptor = take_value(0);
        if (!descriptor || descriptor->number() == nullptr) return std::nullopt;
        return static_cast<std::uint64_t>(*descriptor->number());
    }

    std::optional<AmqpValue> take_value(int depth) {
        auto const code = take_number(1);
        if (!code || depth > depth_max) return std::nullopt;
        if (*code == 0x00) {
            // A descriptor says what a value means; nobody here asks.
            if (!take_value(depth + 1)) return std::nullopt;
            return take_value(depth + 1);
        }
        return take_of(*code, depth);
    }

private:
    std::optional<AmqpValue> take_of(std::uint64_t code, int depth) {
        switch (code >> 4U) {
        case 0x4: return take_empty(code);
        case 0x5: return take_fixed(code, 1);
        case 0x6: return take_fixed(code, 2);
        case 0x7: return take_fixed(code, 4);
        case 0x8: return take_fixed(code, 8);
        case 0x9: return take_fixed(code, 16);
        case 0xa: return take_text(1);
        case 0xb: return take_text(4);
        case 0xc: return take_compound(code, 1, depth);
        case 0xd: return take_compound(code, 4, depth);
        case 0xe: return take_array(1, depth);
        case 0xf: return take_array(4, depth);
        default: return std::nullopt;
        }
    }

    std::optional<std::string_view> take(std::size_t size) {
        if (bytes_.size() < size) return std::nullopt;
        auto const taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }
    std::optional<std::uint64_t> take_number(std::size_t width) {
        auto const taken = take(width);
        if (!taken) return std::nullopt;
        std::uint64_t number = 0;
        for (char const c : *taken) number = (number << 8U) | static_cast<unsigned char>(c);
        return number;
    }

    static std::optional<AmqpValue> take_empty(std::uint64_t code) {
        switch (code) {
        case 0x41: return AmqpValue{true};
        case 0x42: return AmqpValue{false};
        case 0x43:
        case 0x44: return AmqpValue{std::int64_t{0}};
        case 0x45: return AmqpValue{AmqpValue::List()};
        default: return AmqpValue{};
        }
    }
    std::optional<AmqpValue> take_fixed(std::uint64_t code, std::size_t width) {
        auto const number = width <= 8 ? take_number(width) : std::nullopt;
        if (width > 8) return take(width) ? std::optional(AmqpValue{}) : std::nullopt;
        if (!number) return std::nullopt;
        switch (code) {
        case 0x56: return AmqpValue{*number != 0};
        case 0x51:
        case 0x54:
        case 0x55: return AmqpValue{std::int64_t{static_cast<std::int8_t>(*number)}};
        case 0x61: return AmqpValue{std::int64_t{static_cast<std::int16_t>(*number)}};
        case 0x71: return AmqpValue{std::int64_t{static_cast<std::int32_t>(*number)}};
        case 0x72:
        case 0x82:
        case 0x73:
        case 0x74:
        case 0x84: return AmqpValue{};
        default: return AmqpValue{static_cast<std::int64_t>(*number)};
        }
    }
    std::optional<AmqpValue> take_text(std::size_t width) {
        auto const size = take_number(width);
        auto const text = size ? take(*size) : std::nullopt;
        if (!text) return std::nullopt;
        return AmqpValue{std::string(*text)};
    }
    // Size and count; what is read of it may not reach beyond.
    std::optional<std::pair<Reader, std::uint64_t>> take_within(std::size_t width) {
        auto const size = take_number(width);
        auto const within = size ? take(*size) : std::nullopt;
        if (!within) return std::nullopt;
        Reader inner(*within);
        auto const count = inner.take_number(width);
        if (!count || *count > elements_max || (elements_ += *count) > elements_max) return std::nullopt;
        inner.elements_ = elements_;
        return std::pair(inner, *count);
    }
    std::optional<AmqpValue> take_compound(std::uint64_t code, std::size_t width, int depth) {
        auto within = take_within(width);
        if (!within) return std::nullopt;
        auto& [inner, count] = *within;
        bool const is_map = (code & 0xfU) == 1;
        AmqpValue::List values;
        for (std::uint64_t i = 0; i < count; ++i) {
            auto value = inner.take_value(depth + 1);
            if (!value) return std::nullopt;
            values.push_back(*std::move(value));
        }
        elements_ = inner.elements_;
        if (!is_map) return AmqpValue{std::move(values)};
        if (values.size() % 2 != 0) return std::nullopt;
        AmqpValue::Map map;
        for (std::size_t i = 0; i < values.size(); i += 2)
            map.emplace_back(std::move(values[i]), std::move(values[i + 1]));
        return AmqpValue{std::move(map)};
    }
    // Elements of one type, whose code stands once in front.
    std::optional<AmqpValue> take_array(std::size_t width, int depth) {
        auto within = take_within(width);
        if (!within) return std::nullopt;
        auto& [inner, count] = *within;
        if (count == 0) return AmqpValue{AmqpValue::List()};
        auto const code = inner.take_number(1);
        if (!code || *code == 0) return std::nullopt;
        AmqpValue::List values;
        for (std::uint64_t i = 0; i < count; ++i) {
            auto value = inner.take_of(*code, depth + 1);
            if (!value) return std::nullopt;
            values.push_back(*std::move(value));
        }
        return AmqpValue{std::move(values)};
    }

    std::string_view bytes_;
    std::uint64_t elements_ = 0;
};

constexpr std::uint64_t message_annotations = 0x72;
constexpr std::uint64_t properties = 0x73;
constexpr std::uint64_t application_properties = 0x74;
constexpr std::uint64_t data = 0x75;
constexpr std::uint64_t value = 0x77;
constexpr std::size_t correlation_id_place = 5;

}  // namespace

AmqpValue const* AmqpValue::find(std::string_view key) const {
    auto const* const map = std::get_if<Map>(&held);
    if (map == nullptr) return nullptr;
    auto const place = std::ranges::find_if(
        *map, [&](auto const& entry) { return entry.first.text() != nullptr && *entry.first.text() == key; });
    return place == map->end() ? nullptr : &place->second;
}

std::int64_t AmqpMessage::number_of(AmqpValue const& map, std::string_view key, std::int64_t otherwise) {
    auto const* const found = map.find(key);
    return found == nullptr || found->number() == nullptr ? otherwise : *found->number();
}

std::string AmqpMessage::text_of(AmqpValue const& map, std::string_view key) {
    auto const* const found = map.find(key);
    if (found == nullptr) return {};
    if (found->number() != nullptr) return std::to_string(*found->number());
    return found->text() == nullptr ? std::string() : *found->text();
}

Result<AmqpMessage> parse_amqp_message(std::string_view bytes) {
    AmqpMessage message;
    Reader reader(bytes);
    while (!reader.is_at_end()) {
        auto const section = reader.take_descriptor();
        auto held = section ? reader.take_value(0) : std::nullopt;
        if (!held) return corrupt();
        switch (*section) {
        case message_annotations: message.annotations = *std::move(held); break;
        case application_properties: message.application_properties = *std::move(held); break;
        case properties:
            if (auto const* const list = held->list(); list != nullptr && list->size() > correlation_id_place)
                if (auto const* const text = (*list)[correlation_id_place].text()) message.correlation_id = *text;
            break;
        case data:
            if (held->text() == nullptr) return corrupt();
            message.body += *held->text();
            break;
        case value:
            if (held->text() != nullptr) message.body = *held->text();
            message.value = *std::move(held);
            break;
        default: break;
        }
    }
    return message;
}

}  // namespace kssedr::azure
