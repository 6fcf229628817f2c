#include "config/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace kssedr::config {
namespace {

using rotation::CatalogueEntry;

struct Read {
    std::vector<CatalogueEntry> entries;
    Problems problems;
};

Read read(std::string_view text, std::vector<CatalogueEntry> before = {}) {
    Read result{std::move(before), {}};
    read_catalogue(text, "own.toml", result.entries, result.problems);
    return result;
}

std::string const good = R"([[entry]]
id = "widget-key"
title = "Widget"
type = "Contoso.Widgets/widgets"
api_version = "2024-01-01"
list = "POST listKeys"
regenerate = "POST regenerateKey"
body = '{"keyName":"{slot}"}'
answer = "keys"
slots = [{ name = "one", asks = "One", value = "keys.one" }, { name = "two", value = "keys.two", made = "times.two" }]
keys = [{ base64 = 32 }, { text = "40-60", begins = "w.{name}", with = "-_" }]
urls = ["widget://{name}:{key}@", "https://?code={key}"]
permissions = ["Contoso.Widgets/widgets/listKeys/action"]
role = "Widget Operator"
notes = ["a note"]
[entry.connection]
key = "Key"
needs = ["Host"]
members = { Widget = "{name}" }
[entry.hosts]
public = ["{name}.widgets.example"]
)";

TEST(Catalogue, TheBuiltInOneIsRight) {
    Problems problems;
    auto const catalogue = load_catalogue({}, problems);
    EXPECT_EQ(problems, Problems());
    EXPECT_EQ(catalogue.entries().size(), 67U);
    EXPECT_EQ(std::ranges::count_if(catalogue.entries(), &CatalogueEntry::has_slots), 44);
}

TEST(Catalogue, ReadsEveryMember) {
    auto const [entries, problems] = read(good);
    EXPECT_EQ(problems, Problems());
    ASSERT_EQ(entries.size(), 1U);
    auto const& entry = entries[0];
    EXPECT_EQ(entry.id, "widget-key");
    EXPECT_EQ(entry.title, "Widget");
    EXPECT_EQ(entry.type, "Contoso.Widgets/widgets");
    EXPECT_EQ(entry.api_version, "2024-01-01");
    EXPECT_EQ(entry.list, (rotation::EntryCall{"POST", "listKeys", ""}));
    EXPECT_EQ(entry.regenerate, (rotation::EntryCall{"POST", "regenerateKey", R"({"keyName":"{slot}"})"}));
    EXPECT_EQ(entry.answer, rotation::RegenerateAnswer::keys);
    EXPECT_FALSE(entry.is_long_running);
    EXPECT_EQ(entry.slots, (std::vector<rotation::EntrySlot>{{"one", "One", "keys.one", "", "", ""},
                                                             {"two", "two", "keys.two", "times.two", "", ""}}));
    using Kind = rotation::KeyForm::Kind;
    EXPECT_EQ(entry.keys,
              (std::vector<rotation::KeyForm>{{Kind::base64, 32, 32, "", ""}, {Kind::text, 40, 60, "w.{name}", "-_"}}));
    EXPECT_EQ(entry.urls, (std::vector<rotation::UrlForm>{{"widget", "{name}", ""}, {"https", "", "code"}}));
    ASSERT_TRUE(entry.connection);
    EXPECT_EQ(entry.connection->key, "Key");
    EXPECT_EQ(entry.connection->separator, ';');
    EXPECT_EQ(entry.connection->members, (std::vector<rotation::FixedMember>{{"Widget", "{name}"}}));
    EXPECT_EQ(entry.hosts.at("public"), std::vector<std::string>{"{name}.widgets.example"});
    EXPECT_EQ(entry.role, "Widget Operator");
}

TEST(Catalogue, AnEntryMayBeLikeAnother) {
    auto const [entries, problems] = read(good + R"(
[[entry]]
id = "gadget-key"
like = "widget-key"
title = "Gadget"
type = "Contoso.Widgets/gadgets"
answer = "nothing"
long_running = true
keys = [{ hex = 32 }]
)");
    EXPECT_EQ(problems, Problems());
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[1].slots, entries[0].slots);
    EXPECT_EQ(entries[1].regenerate, entries[0].regenerate);
    EXPECT_EQ(entries[1].hosts, entries[0].hosts);
    EXPECT_EQ(entries[1].keys.size(), 1U);
    EXPECT_TRUE(entries[1].is_long_running);
    EXPECT_EQ(entries[1].answer, rotation::RegenerateAnswer::nothing);
}

TEST(Catalogue, AFileOverridesByIdAndMayKeepTheRest) {
    auto const [entries, problems] = read(R"(
[[entry]]
id = "widget-key"
like = "widget-key"
api_version = "2025-01-01"
)",
                                          read(good).entries);
    EXPECT_EQ(problems, Problems());
    ASSERT_EQ(entries.size(), 1U);
    EXPECT_EQ(entries[0].api_version, "2025-01-01");
    EXPECT_EQ(entries[0].title, "Widget");
}

// The good entry with one line of it replaced, or another put behind it.
std::string with(std::string_view line_begins, std::string const& instead) {
    std::string text;
    std::size_t from = 0;
    while (from < good.size()) {
        auto const end = good.find('\n', from);
        auto const line = good.substr(from, end - from);
        from = end + 1;
        text += (line.starts_with(line_begins) ? instead : line) + '\n';
    }
    return text;
}

std::string with_path(std::string text) {
    std::string const call = "POST regenerateKey";
    return text.replace(text.find(call), call.size(), "POST {slot}");
}

struct Wrong {
    char const* name;
    std::string text;
    std::string says;  // the line first
};

TEST(Catalogue, WhatIsWrongIsSaidWithItsLine) {
    std::string const slots = "slots = [{ name = \"one\", value = \"a\" }, ";
    Wrong const cases[] = {
        {"no TOML", "[[entry]\n", "own.toml:1:"},
        {"another key", "widget = 1\n",
         "own.toml:1: the catalogue: it has no member \"widget\"; its members are entry"},
        {"no list", "entry = 1\n", "own.toml:1: the catalogue: entry is to be a list of tables"},
        {"no id", "[[entry]]\ntitle = \"x\"\n", "own.toml:1: an entry: an id is there"},
        {"an id with blanks", "[[entry]]\nid = \"a b\"\n", "own.toml:2: an entry: an id is there"},
        {"the same id twice", good + good, "own.toml:23: entry widget-key: another entry of this file has the same id"},
        {"an unknown member", with("role", "rolle = \"x\""),
         "own.toml:14: entry widget-key: it has no member \"rolle\"; its members are id, like"},
        {"a number for a text", with("title", "title = 3"), "own.toml:3: entry widget-key: title is to be a text"},
        {"a text for a truth", with("answer", "long_running = \"yes\""),
         "own.toml:9: entry widget-key: long_running is"},
        {"a text for a list", with("permissions", "permissions = \"x\""),
         "own.toml:13: entry widget-key: permissions is"},
        {"like nothing", "[[entry]]\nid = \"a\"\nlike = \"b\"\n",
         "own.toml:3: entry a: no entry before this one has the id"},
        {"an unknown shape", with("title", "title = \"x\"\nshape = \"round\""),
         "own.toml:4: entry widget-key: there is no shape"},
        {"no title", with("title", ""), "own.toml:1: entry widget-key: an entry has a title"},
        {"no type", with("type", "type = \"widgets\""), "own.toml:4: entry widget-key: the type is not of the form"},
        {"an api-version of no month", with("api_version", "api_version = \"2024-13-05\""),
         "own.toml:5: entry widget-key: an api-version"},
        {"made nowhere", with("slots", slots + "{ name = \"two\", value = \"b\" }]\nmade_in = \"resource\""),
         "own.toml:11: entry widget-key: no slot says"},
        {"every right", with("permissions", "permissions = [\"*\"]"),
         "own.toml:13: entry widget-key: \"*\" is not one permission"},
        {"a trial of another kind", with("role", "trial = \"storage-blob\""),
         "own.toml:14: entry widget-key: the trial storage-blob is for storage accounts"},
        {"asked for in two ways",
         with("slots", slots + "{ name = \"two\", value = \"b\", asks = \"x\", asks_for = \"c\" }]"),
         "own.toml:10: entry widget-key: slot two has asks and asks_for"},
        {"an api-version that is none", with("api_version", "api_version = \"v1\""),
         "own.toml:5: entry widget-key: an api-version"},
        {"two for one type", good + with("id", "id = \"other\""),
         "own.toml:25: entry other: entry widget-key is for this type"},
        {"a listing by PATCH", with("list", "list = \"PATCH x\""), "own.toml:6: entry widget-key: list is GET or POST"},
        {"a path with a query", with("regenerate", "regenerate = \"POST x?y=1\""),
         "own.toml:7: entry widget-key: what follows"},
        {"a listing with a query", with("list", "list = \"POST x?y=1\""),
         "own.toml:6: entry widget-key: what follows the id"},
        {"a listing of another resource", with("list", "list = \"POST ../x\""),
         "own.toml:6: entry widget-key: what follows the id"},
        {"a body that is no object", with("body", "body = '\"{slot}\"'"),
         "own.toml:8: entry widget-key: a body is a JSON object"},
        {"a body that does not end", with("body", "body = '{\"keyName\":\"{slot}\",}'"),
         "own.toml:8: entry widget-key: the body is no JSON (syntax error"},
        {"a body with more behind it", with("body", "body = '{\"keyName\":\"{slot}\"} {}'"),
         "own.toml:8: entry widget-key: the body is no JSON (extra data"},
        {"a slot without quotes", with("body", "body = '{\"keyName\":{slot}}'"),
         "own.toml:8: entry widget-key: the body is no JSON (syntax error); it is an object such as"},
        {"a slot for a member's name", with("body", "body = '{\"a\":[{\"{slot}\":true}]}'"),
         "own.toml:8: entry widget-key: the body has a placeholder in a member's name, \"{slot}\""},
        {"a placeholder that is none", with("body", "body = '{\"keyName\":\"{slot}\",\"a\":[\"{name}\"]}'"),
         "own.toml:8: entry widget-key: the body has {name}, which stands for nothing"},
        {"a body of too many levels", with("body", "body = '{\"a\":" + std::string(40, '[') + "'"),
         "own.toml:8: entry widget-key: the body is no JSON (too deep"},
        {"the slot twice in the path", with("regenerate", "regenerate = \"POST {slot}/{slot}\""),
         "own.toml:7: entry widget-key: {slot} may stand in the path once"},
        {"another placeholder in the path", with("regenerate", "regenerate = \"POST {name}\""),
         "own.toml:7: entry widget-key: {slot} may stand in the path once"},
        {"a listing of one slot", with("list", "list = \"POST {slot}\""),
         "own.toml:6: entry widget-key: a listing is of all slots"},
        {"no slot in the call", with("body", "body = '{}'"),
         "own.toml:7: entry widget-key: neither the path nor the body has {slot}"},
        {"an unknown answer", with("answer", "answer = \"all\""),
         "own.toml:9: entry widget-key: the answer is keys or nothing"},
        {"one slot", with("slots", "slots = [{ name = \"one\", value = \"a\" }]"),
         "own.toml:10: entry widget-key: an entry has two slots"},
        {"three slots",
         with("slots", slots + "{ name = \"two\", value = \"b\" }, { name = \"three\", value = \"c\" }]"),
         "own.toml:10: entry widget-key: it has 3 slots; a pair has two"},
        {"a pair of one", with("slots", slots + "{ name = \"two\", value = \"b\", pair = \"p\" }]"),
         "own.toml:10: entry widget-key: it has 1 slots; a pair has two"},
        {"two slots in one place", with("slots", slots + "{ name = \"two\", value = \"a\" }]"),
         "own.toml:10: entry widget-key: slots one and two stand in the same place"},
        {"two slots of one name", with("slots", slots + "{ name = \"one\", value = \"b\" }]"),
         "own.toml:10: entry widget-key: two slots have the name one"},
        {"two slots asked for alike", with("slots", slots + "{ name = \"two\", asks = \"one\", value = \"b\" }]"),
         "own.toml:10: entry widget-key: slots one and two are asked for by the same word"},
        {"a slot in no place", with("slots", slots + "{ name = \"two\", value = \"a..b\" }]"),
         "own.toml:10: entry widget-key: slot two does not say where"},
        {"a slot with a word too many", with("slots", slots + "{ name = \"two\", value = \"b\", path = \"x\" }]"),
         "own.toml:10: entry widget-key: it has no member \"path\""},
        {"a slot that is no part of a path",
         with_path(with("slots", "#\n" + slots + "{ name = \"two words\", value = \"b\" }]")),
         "own.toml:11: entry widget-key: slot two words is asked for by a word that can not stand in a path"},
        {"no forms", with("keys", ""), "own.toml:1: entry widget-key: an entry says in which forms"},
        {"a form of two kinds", with("keys", "keys = [{ hex = 32, text = 32 }]"),
         "own.toml:11: entry widget-key: a form of a key is one"},
        {"a short key", with("keys", "keys = [{ text = 8 }]"),
         "own.toml:11: entry widget-key: the size of a key is from 16"},
        {"a size that is none", with("keys", "keys = [{ text = \"8-\" }]"),
         "own.toml:11: entry widget-key: text is to be a number"},
        {"an alphabet for base64", with("keys", "keys = [{ base64 = 32, with = \"-\" }]"),
         "own.toml:11: entry widget-key: begins and with"},
        {"a separator in the key", with("keys", "keys = [{ text = 32, with = \";\" }]"),
         "own.toml:11: entry widget-key: a key with the separator"},
        {"a URL that is none", with("urls", "urls = [\"https://x/{key}\"]"),
         "own.toml:12: entry widget-key: \"https://x/{key}\" is neither"},
        {"no permissions", with("permissions", ""),
         "own.toml:1: entry widget-key: an entry of slots names the permissions"},
        {"a trial of no method", with("role", "trials = [{ call = \"DELETE /x\", proof = \"basic\" }]"),
         "own.toml:14: entry widget-key: call is GET, HEAD or POST"},
        {"a trial of another host", with("role", "trials = [{ call = \"GET x\", proof = \"basic\" }]"),
         "own.toml:14: entry widget-key: call is GET, HEAD or POST"},
        {"a trial without a proof", with("role", "trials = [{ call = \"GET /x\" }]"),
         "own.toml:14: entry widget-key: the proof is basic"},
        {"a header without a name", with("role", "trials = [{ call = \"GET /x\", proof = \"header\" }]"),
         "own.toml:14: entry widget-key: a header's name stands"},
        {"a name without a header", with("role", "trials = [{ call = \"GET /x\", proof = \"basic me\" }]"),
         "own.toml:14: entry widget-key: a header's name stands"},
        {"a master key for more than a feed", with("role", "trials = [{ call = \"GET /dbs/x\", proof = \"cosmos\" }]"),
         "own.toml:14: entry widget-key: the proof cosmos"},
        {"a trial that nothing passes",
         with("role", "trials = [{ call = \"GET /x\", proof = \"basic\", accepted = [] }]"),
         "own.toml:14: entry widget-key: accepted and rejected are"},
        {"a status that is none", with("role", "trials = [{ call = \"GET /x\", proof = \"basic\", rejected = [4] }]"),
         "own.toml:14: entry widget-key: accepted and rejected are"},
        {"a word for a status",
         with("role", "trials = [{ call = \"GET /x\", proof = \"basic\", rejected = [\"no\"] }]"),
         "own.toml:14: entry widget-key: rejected is to be a list"},
        {"a refusal that is taken for consent",
         with("role", "trials = [{ call = \"GET /x\", proof = \"basic\", accepted = [403] }]"),
         "own.toml:14: entry widget-key: a status that says that a key is wrong"},
        {"a trial in two ways",
         with("role", "trial = \"storage-blob\"\ntrials = [{ call = \"GET /x\", proof = \"basic\" }]"),
         "own.toml:15: entry widget-key: there are trial and trials"},
        {"an endpoint that nobody asks", with("role", "endpoint = \"properties.host\""),
         "own.toml:14: entry widget-key: endpoint is for trials"},
        {"an endpoint in no place",
         with("role", "endpoint = \"a..b\"\ntrials = [{ call = \"GET /x\", proof = \"basic\" }]"),
         "own.toml:14: entry widget-key: endpoint says where"},
        {"a trial that is none", with("role", "trial = \"fire\""),
         "own.toml:14: entry widget-key: the one trial there is"},
        {"a trial at any host",
         with("public",
              "public = [\"{name}.*.widgets.example\"]\n[[entry.trials]]\ncall = \"GET /x\"\nproof = \"basic\""),
         "own.toml:22: entry widget-key: without endpoint the first of the hosts is asked"},
        {"an unknown placeholder", with("public", "public = [\"{2}.widgets.example\"]"),
         "own.toml:20: entry widget-key: {2} stands for nothing"},
        {"a host that is a URL", with("public", "public = [\"https://x.y\"]"),
         "own.toml:20: entry widget-key: \"https://x.y\" is no host"},
        {"an unknown cloud", with("public", "moon = [\"x.y\"]"),
         "own.toml:21: entry widget-key: there is no cloud \"moon\""},
        {"no key in the connection string", with("key =", ""),
         "own.toml:16: entry widget-key: a connection string has a member"},
        {"a separator of another kind", with("needs", "separator = \"|\""),
         "own.toml:18: entry widget-key: the separator is ; or ,"},
        {"rotated and not", with("role", "reason = \"no\""),
         "own.toml:14: entry widget-key: reason and instead are for"},
        {"not rotated without a reason",
         "[[entry]]\nid = \"a\"\ntitle = \"A\"\ntype = \"x\"\nshape = \"single\"\ninstead = \"b\"\n",
         "own.toml:1: entry a: an entry of shape single says why"},
        {"a list without a reason", "[[entry]]\nid = \"a\"\ntitle = \"A\"\ntype = \"x\"\nshape = \"list\"\n",
         "own.toml:1: entry a: an entry of shape list says why"},
        {"a login that nothing serves",
         "[[entry]]\nid = \"a\"\ntitle = \"A\"\ntype = \"oracle://{host}/{login}\"\nshape = \"password\"\n",
         "own.toml:5: entry a: the shape password is for what kssedr has a provider for"},
        {"a hook that is none", "[[entry]]\nid = \"a\"\ntitle = \"A\"\ntype = \"x\"\nshape = \"hook\"\n",
         "own.toml:5: entry a: the shape hook is for what kssedr has a provider for"},
        {"not rotated, with slots", with("title", "title = \"x\"\nshape = \"single\"\nreason = \"r\"\ninstead = \"i\""),
         "own.toml:4: entry widget-key: slots, list and regenerate are for what is rotated"},
    };
    for (auto const& [name, text, says] : cases) {
        SCOPED_TRACE(name);
        auto const problems = read(text).problems;
        ASSERT_FALSE(problems.empty());
        bool const is_said = std::ranges::any_of(problems, [&](auto const& one) { return one.starts_with(says); });
        EXPECT_TRUE(is_said) << problems.front() << "\nnot: " << says;
    }
}

class File {
public:
    explicit File(std::string_view text) { std::ofstream(path_) << text; }
    ~File() { std::remove(path_.c_str()); }
    std::string const& path() const { return path_; }

private:
    std::string path_ = ::testing::TempDir() + "kssedr_catalogue_test.toml";
};

TEST(Catalogue, WithoutAFileItIsTheBuiltInOne) {
    auto const loaded = load({}, {});
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->settings.catalogue.get().entries().size(), 67U);
}

TEST(Catalogue, ConfigurationNamesAFile) {
    File const own(good);
    for (auto const& environment :
         {Environment{{"KSSEDR_CATALOGUE", own.path()}}, Environment{{"KSSEDR_CATALOGUE", "/no/such/file"}}}) {
        auto const loaded = load(environment, {});
        if (environment.at("KSSEDR_CATALOGUE") != own.path()) {
            ASSERT_FALSE(loaded);
            EXPECT_EQ(
                loaded.error().front(),
                "the catalogue /no/such/file can not be read; check `catalogue` in the file and KSSEDR_CATALOGUE");
            continue;
        }
        ASSERT_TRUE(loaded);
        EXPECT_NE(loaded->settings.catalogue.get().find("widget-key"), nullptr);
        EXPECT_NE(loaded->settings.catalogue.get().find("storage-account-key"), nullptr);
    }
}

}  // namespace
}  // namespace kssedr::config
