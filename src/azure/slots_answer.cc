#include "azure/slots_answer.h"

#include "azure/json_place.h"

namespace kssedr::azure {
namespace {

Result<rotation::Credential> parse_slot(JsonView root, rotation::EntrySlot const& slot, bool is_made_elsewhere) {
    auto value = find_place(root, slot.value).secret();
    if (!value || value->empty()) return fail(Errc::corrupt, "the answer does not show " + slot.name);
    rotation::Credential credential;
    credential.slot = slot.name;
    credential.value = *std::move(value);
    if (slot.made.empty() || is_made_elsewhere) return credential;
    // Absent where a key is as old as the field is new.
    if (auto const made = find_place(root, slot.made).text()) credential.made = parse_rfc3339(*made);
    return credential;
}

}  // namespace

Result<rotation::Credentials> parse_slots(std::string_view body, rotation::CatalogueEntry const& entry) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    rotation::Credentials credentials;
    for (auto const& slot : entry.slots) {
        KSSEDR_TRY(auto credential, parse_slot(document.root(), slot, entry.is_made_in_resource));
        credential.pair = entry.pair_of(slot);
        credentials.slots.push_back(std::move(credential));
    }
    return credentials;
}

void read_made(std::string_view body, rotation::CatalogueEntry const& entry, rotation::Credentials& credentials) {
    auto const document = JsonDocument::parse(body);
    if (!document) return;
    for (std::size_t i = 0; i < entry.slots.size() && i < credentials.slots.size(); ++i)
        if (auto const made = find_place(document->root(), entry.slots[i].made).text())
            credentials.slots[i].made = parse_rfc3339(*made);
}

Result<std::string> parse_slot_id(std::string_view body, rotation::EntrySlot const& slot) {
    KSSEDR_TRY(auto const document, JsonDocument::parse(body));
    auto id = find_place(document.root(), slot.asks_for).text_or({});
    if (id.empty()) return fail(Errc::corrupt, "the answer does not show the id of " + slot.name);
    return id;
}

}  // namespace kssedr::azure
