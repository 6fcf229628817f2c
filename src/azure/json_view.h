/// JsonDocument and JsonView: reading JSON that holds secrets.
///
/// The document lives in memory that is wiped when freed. A view is a place in it, or no place at all: asking nothing
/// for a member gives nothing, so a parser reads what it needs and checks once. Total: no text and no question throws.

#pragma once

#include "base/error.h"
#include "base/secret_string.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::json {
class value;
}

namespace kssedr::azure {

/// Valid while its document lives.
class JsonView {
public:
    JsonView() = default;
    explicit JsonView(boost::json::value const* value) : value_(value) {}

    /// Whether anything but `null` stands here.
    [[nodiscard]] explicit operator bool() const;
    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;

    /// A member of an object; the name in its exact case.
    [[nodiscard]] JsonView operator[](std::string_view name) const;
    /// The same in any case of ASCII letters: Azure's error bodies agree on none.
    [[nodiscard]] JsonView find_any_case(std::string_view name) const;
    [[nodiscard]] std::vector<JsonView> items() const;
    [[nodiscard]] std::vector<std::pair<std::string_view, JsonView>> members() const;

    [[nodiscard]] std::optional<std::string_view> text() const;
    [[nodiscard]] std::string text_or(std::string_view otherwise) const;
    [[nodiscard]] std::optional<SecretString> secret() const;
    [[nodiscard]] std::optional<bool> boolean() const;
    /// An integer, also where it is written with a fraction of zero.
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    /// An integer that may also be written as a string, as some of Azure's token services do.
    [[nodiscard]] std::optional<std::int64_t> integer_or_text() const;

private:
    boost::json::value const* value_ = nullptr;
};

class JsonDocument {
public:
    /// `corrupt` where the bytes are no JSON, or nested deeper than 32.
    [[nodiscard]] static Result<JsonDocument> parse(std::string_view bytes);
    JsonDocument(JsonDocument&&) noexcept;
    JsonDocument& operator=(JsonDocument&&) noexcept;
    ~JsonDocument();

    [[nodiscard]] JsonView root() const;

private:
    struct Content;
    explicit JsonDocument(std::unique_ptr<Content> content);

    std::unique_ptr<Content> content_;
};

/// Appends a JSON string, quotes included.
void append_json_string(SecretString& out, std::string_view text);

}  // namespace kssedr::azure
