// A listing that follows another tells what it would tell alone, and keeps what has not changed.

#include "engine/listing_cache.h"

#include <gtest/gtest.h>

namespace kssedr::engine {
namespace {

using rotation::ListedSecret;

constexpr std::string_view group = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/";

rotation::ArmId account(std::string_view name) {
    return *rotation::ArmId::parse(std::string(group) + std::string(name));
}

// A name and whom it asks for: `b>two` by its content type, `b>two+one` by a tag besides.
ListedSecret secret(std::string_view text) {
    rotation::SecretProperties properties;
    auto const asks = text.find('>');
    properties.name = text.substr(0, asks);
    if (asks != std::string_view::npos) {
        auto const rest = text.substr(asks + 1);
        auto const also = rest.find('+');
        properties.content_type = account(rest.substr(0, also)).text();
        if (also != std::string_view::npos) properties.tags["orgin"] = account(rest.substr(also + 1)).text();
    }
    return std::make_shared<rotation::SecretProperties const>(std::move(properties));
}

std::vector<ListedSecret> secrets(std::vector<std::string_view> const& texts) {
    std::vector<ListedSecret> made;
    for (auto const text : texts) made.push_back(secret(text));
    return made;
}

std::vector<std::string> names_asking(VaultListing const& listing, std::string_view owner) {
    std::vector<std::string> names;
    for (auto const& asking : listing.asking_for(account(owner))) names.push_back(asking->name);
    return names;
}

rotation::VaultHost const vault{"contoso.vault.azure.net"};
rotation::Policy const policy;

TEST(VaultListing, TellsAfterAnotherWhatItWouldTellAlone) {
    std::vector<std::string_view> const before = {"a>one", "b>two", "c", "d>one", "e>two+one"};
    struct Case {
        std::string_view name;
        std::vector<std::string_view> after;
    };
    Case const cases[] = {
        {"nothing changed", before},
        {"one asks for another owner", {"a>two", "b>two", "c", "d>one", "e>two+one"}},
        {"one asks for nothing any more", {"a>one", "b", "c", "d>one", "e>two+one"}},
        {"one asks that asked for nothing", {"a>one", "b>two", "c>one", "d>one", "e>two+one"}},
        {"one asks for one owner less", {"a>one", "b>two", "c", "d>one", "e>two"}},
        {"one asks for one owner more", {"a>one", "b>two", "c", "d>one+two", "e>two+one"}},
        {"one in front", {"0>one", "a>one", "b>two", "c", "d>one", "e>two+one"}},
        {"one in between", {"a>one", "b>two", "c", "cc>one", "d>one", "e>two+one"}},
        {"the first is gone", {"b>two", "c", "d>one", "e>two+one"}},
        {"the last is gone", {"a>one", "b>two", "c", "d>one"}},
        {"one in another's place", {"a>one", "x>two", "c", "d>one", "e>two+one"}},
        {"in another order", {"e>two+one", "d>one", "c", "b>two", "a>one"}},
        {"one twice", {"a>one", "a>two", "b>two", "c", "d>one", "e>two+one"}},
        {"all are gone", {}},
    };
    for (auto const& [name, after] : cases) {
        SCOPED_TRACE(name);
        VaultListing second(vault, policy);
        second.replace(secrets(before));
        second.replace(secrets(after));
        VaultListing alone(vault, policy);
        alone.replace(secrets(after));
        for (std::string_view const owner : {"one", "two"})
            EXPECT_EQ(names_asking(second, owner), names_asking(alone, owner)) << owner;
        second.replace(secrets(before));
        EXPECT_EQ(names_asking(second, "one"), (std::vector<std::string>{"a", "d", "e"})) << "and back";
        EXPECT_EQ(names_asking(second, "two"), (std::vector<std::string>{"b", "e"})) << "and back";
    }
}

TEST(VaultListing, KeepsWhatHasNotChangedAndShowsWhatHas) {
    VaultListing listing(vault, policy);
    auto const first = secrets({"a>one", "b>one"});
    listing.replace(first);
    auto changed = std::make_shared<rotation::SecretProperties>(*first[1]);
    changed->enabled = false;
    listing.replace({secret("a>one"), changed});
    auto const asking = listing.asking_for(account("one"));
    ASSERT_EQ(asking.size(), 2U);
    EXPECT_EQ(asking[0], first[0]);
    EXPECT_FALSE(asking[1]->enabled);
}

}  // namespace
}  // namespace kssedr::engine
