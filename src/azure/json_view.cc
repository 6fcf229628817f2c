#include "azure/json_view.h"

#include "base/ascii.h"
#include "base/check.h"

#include <boost/json.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <new>

namespace kssedr::azure {
namespace json = boost::json;
namespace {

// What a document is made of may be a key or a token.
class WipingResource final : public json::memory_resource {
    // Boost names one alignment when it takes memory and another when it gives it back; none is over that of new.
    void* do_allocate(std::size_t bytes, std::size_t alignment) override {
        KSSEDR_CHECK(alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, "JSON wants memory of an unusual alignment");
        return ::operator new(bytes);
    }
    void do_deallocate(void* memory, std::size_t bytes, std::size_t) override {
        wipe({static_cast<char*>(memory), bytes});
        ::operator delete(memory, bytes);
    }
    bool do_is_equal(memory_resource const& other) const noexcept override { return this == &other; }
};

// Strings with escapes in them pass through a buffer on the parser's stack. Called from where the parser was called,
// this lies over what it left there.
[[gnu::noinline]] void wipe_stack_below() {
    std::array<char, 32768> area;
    wipe(area);
}

}  // namespace

struct JsonDocument::Content {
    WipingResource memory;
    // Where the parser gathers strings before it knows where they belong.
    std::array<unsigned char, 1024> scratch{};
    json::value root;

    ~Content() { wipe({reinterpret_cast<char*>(scratch.data()), scratch.size()}); }
};

JsonDocument::JsonDocument(std::unique_ptr<Content> content) : content_(std::move(content)) {}
JsonDocument::JsonDocument(JsonDocument&&) noexcept = default;
JsonDocument& JsonDocument::operator=(JsonDocument&&) noexcept = default;
JsonDocument::~JsonDocument() = default;

Result<JsonDocument> JsonDocument::parse(std::string_view bytes) {
    auto content = std::make_unique<Content>();
    json::error_code error;
    json::parser parser(json::storage_ptr(&content->memory), {}, content->scratch.data(), content->scratch.size());
    parser.reset(json::storage_ptr(&content->memory));
    parser.write(bytes, error);
    bool const may_have_escapes = bytes.contains('\\');
    if (may_have_escapes) wipe_stack_below();
    if (error) return fail(Errc::corrupt, "the body is no JSON: " + error.message());
    // A copy would go to other memory; release() hands over what was built, and this constructor takes it as it is.
    std::destroy_at(&content->root);
    std::construct_at(&content->root, parser.release());
    return JsonDocument(std::move(content));
}

JsonView JsonDocument::root() const {
    return JsonView(&content_->root);
}

JsonView::operator bool() const {
    return value_ != nullptr && !value_->is_null();
}
bool JsonView::is_object() const {
    return value_ != nullptr && value_->is_object();
}
bool JsonView::is_array() const {
    return value_ != nullptr && value_->is_array();
}

JsonView JsonView::operator[](std::string_view name) const {
    return is_object() ? JsonView(value_->get_object().if_contains(name)) : JsonView();
}

JsonView JsonView::find_any_case(std::string_view name) const {
    if (!is_object()) return {};
    for (auto const& member : value_->get_object())
        if (equals_ignore_case({member.key().data(), member.key().size()}, name)) return JsonView(&member.value());
    return {};
}

std::vector<JsonView> JsonView::items() const {
    std::vector<JsonView> views;
    if (!is_array()) return views;
    views.reserve(value_->get_array().size());
    for (auto const& item : value_->get_array()) views.emplace_back(&item);
    return views;
}

std::vector<std::pair<std::string_view, JsonView>> JsonView::members() const {
    std::vector<std::pair<std::string_view, JsonView>> views;
    if (!is_object()) return views;
    for (auto const& member : value_->get_object())
        views.emplace_back(std::string_view(member.key().data(), member.key().size()), JsonView(&member.value()));
    return views;
}

std::optional<std::string_view> JsonView::text() const {
    if (value_ == nullptr || !value_->is_string()) return std::nullopt;
    auto const& string = value_->get_string();
    return std::string_view(string.data(), string.size());
}

std::string JsonView::text_or(std::string_view otherwise) const {
    return std::string(text().value_or(otherwise));
}

std::optional<SecretString> JsonView::secret() const {
    auto const bytes = text();
    if (!bytes) return std::nullopt;
    return SecretString::copy_of(*bytes);
}

std::optional<bool> JsonView::boolean() const {
    if (value_ == nullptr || !value_->is_bool()) return std::nullopt;
    return value_->get_bool();
}

std::optional<std::int64_t> JsonView::integer() const {
    if (value_ == nullptr) return std::nullopt;
    if (value_->is_int64()) return value_->get_int64();
    if (!value_->is_double()) return std::nullopt;  // an unsigned one is out of an int64's range
    double const number = value_->get_double();
    // 2^53: below it every whole double is one integer.
    if (!(std::abs(number) <= 9007199254740992.0) || number != std::floor(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
}

std::optional<std::int64_t> JsonView::integer_or_text() const {
    auto const digits = text();
    if (!digits) return integer();
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(digits->data(), digits->data() + digits->size(), number);
    if (error != std::errc{} || end != digits->data() + digits->size()) return std::nullopt;
    return number;
}

void append_json_string(SecretString& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    auto const is_escaped = [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; };
    out.append("\"");
    for (;;) {
        auto const plain = static_cast<std::size_t>(std::ranges::find_if(text, is_escaped) - text.begin());
        out.append(text.substr(0, plain));
        if (plain == text.size()) break;
        char const c = text[plain];
        auto const byte = static_cast<unsigned char>(c);
        char const unit[] = {'\\', 'u', '0', '0', hex[byte >> 4U], hex[byte & 0xfU]};
        char const mark[] = {'\\', c};
        out.append(byte < 0x20 ? std::string_view(unit, sizeof unit) : std::string_view(mark, sizeof mark));
        text.remove_prefix(plain + 1);
    }
    out.append("\"");
}

}  // namespace kssedr::azure
