#include "azure/xml.h"

#include "base/shared_library.h"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace kssedr::azure {
namespace {

constexpr std::size_t size_max = std::size_t{4} << 20U;
constexpr std::size_t depth_max = 16;
constexpr std::size_t elements_max = 100'000;

struct Expat {
#define KSSEDR_EXPAT(apply)                                                                            \
    apply(XML_ParserCreate) apply(XML_ParserFree) apply(XML_SetUserData) apply(XML_SetElementHandler)  \
        apply(XML_SetCharacterDataHandler) apply(XML_SetStartDoctypeDeclHandler) apply(XML_StopParser) \
            apply(XML_Parse)
    KSSEDR_EXPAT(KSSEDR_LIBRARY_MEMBER)

    static Result<Expat> load() {
        auto library = SharedLibrary::open("libexpat.so.1", "libexpat1");
        if (!library) return fail(library.error());
        Expat functions;
        KSSEDR_EXPAT(KSSEDR_LIBRARY_FIND)
        KSSEDR_TRY_VOID(library->check());
        return functions;
    }
#undef KSSEDR_EXPAT
};

LazyLibrary<Expat>& library() {
    static LazyLibrary<Expat> library;
    return library;
}

class Reader {
public:
    explicit Reader(Expat const& expat)
        : expat_(expat), parser_(expat.XML_ParserCreate("UTF-8"), expat.XML_ParserFree) {
        expat_.XML_SetUserData(parser_.get(), this);
        expat_.XML_SetElementHandler(parser_.get(), &begin, &end);
        expat_.XML_SetCharacterDataHandler(parser_.get(), &take);
        expat_.XML_SetStartDoctypeDeclHandler(parser_.get(), &refuse);
    }
    Reader(Reader const&) = delete;
    Reader& operator=(Reader const&) = delete;

    Result<XmlElement> read(std::string_view text) {
        auto const done = expat_.XML_Parse(parser_.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
        if (done != XML_STATUS_OK || path_.size() != 1 || root_.children.size() != 1)
            return fail(Errc::corrupt, "the answer is no XML of the kind that storage writes");
        return std::move(root_.children.front());
    }

private:
    static void begin(void* self, XML_Char const* name, XML_Char const**) {
        auto& reader = *static_cast<Reader*>(self);
        if (reader.path_.size() > depth_max || ++reader.elements_ > elements_max) return reader.stop();
        auto& children = reader.path_.back()->children;
        children.push_back({name, {}, {}});
        reader.path_.push_back(&children.back());
    }
    static void end(void* self, XML_Char const*) { static_cast<Reader*>(self)->path_.pop_back(); }
    static void take(void* self, XML_Char const* text, int size) {
        static_cast<Reader*>(self)->path_.back()->text.append(text, static_cast<std::size_t>(size));
    }
    static void refuse(void* self, XML_Char const*, XML_Char const*, XML_Char const*, int) {
        static_cast<Reader*>(self)->stop();
    }
    void stop() { expat_.XML_StopParser(parser_.get(), XML_FALSE); }

    Expat const& expat_;
    std::unique_ptr<XML_ParserStruct, decltype(Expat::XML_ParserFree)> parser_;
    XmlElement root_;
    // An element's address holds while it is open: only the innermost gets children.
    std::vector<XmlElement*> path_{&root_};
    std::size_t elements_ = 0;
};

}  // namespace

XmlElement const* XmlElement::find(std::string_view child) const {
    auto const place = std::ranges::find(children, child, &XmlElement::name);
    return place == children.end() ? nullptr : &*place;
}

std::string_view XmlElement::text_of(std::string_view child) const {
    auto const* const element = find(child);
    return element == nullptr ? std::string_view() : std::string_view(element->text);
}

Result<XmlElement> parse_xml(std::string_view text) {
    if (text.size() > size_max) return fail(Errc::corrupt, "the answer is longer than any that storage writes");
    // Storage begins its answers so.
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    KSSEDR_TRY(auto const* const expat, library().get());
    return Reader(*expat).read(text);
}

}  // namespace kssedr::azure
