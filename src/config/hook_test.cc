#include "config/settings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace kssedr::config {
namespace {

namespace fs = std::filesystem;

/// A folder that others may not write, with a program in it.
class HookFile : public ::testing::Test {
protected:
    HookFile() {
        std::string pattern = ::testing::TempDir() + "kssedr_hook_test_XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        std::ofstream(program()) << "#!/bin/sh\n";
        fs::permissions(program(), fs::perms::owner_all);
    }
    ~HookFile() override { fs::remove_all(folder_); }

    [[nodiscard]] std::string folder() const { return folder_; }
    [[nodiscard]] std::string program() const { return folder_ + "/relay"; }
    [[nodiscard]] std::string file() const { return folder_ + "/kssedr.toml"; }

    /// `PROGRAM` in the text is the program's path.
    [[nodiscard]] std::expected<Loaded, Problems> load_text(std::string text) const {
        for (auto at = text.find("PROGRAM"); at != std::string::npos; at = text.find("PROGRAM"))
            text.replace(at, 7, program());
        std::ofstream(file()) << text;
        fs::permissions(file(), fs::perms::owner_read | fs::perms::owner_write);
        return load_it();
    }
    [[nodiscard]] std::expected<Loaded, Problems> load_it() const {
        return load({{"tenantId", "t"}, {"clientId", "c"}, {"clientSecret", "s"}, {"LANG", "C"}, {"ZONE", "eu"}},
                    {.config_file = file()});
    }
    [[nodiscard]] static std::string said(std::expected<Loaded, Problems> const& loaded) {
        std::string text;
        if (!loaded)
            for (auto const& problem : loaded.error()) text += problem + '\n';
        return text;
    }

private:
    std::string folder_;
};

constexpr std::string_view plain = "[[hook]]\nname = \"Relay\"\ncommand = [\"PROGRAM\"]\n";

TEST_F(HookFile, AProgram) {
    auto const loaded = load_text(std::string(plain) +
                                  "environment = { TOKEN = \"a,b\" }\npass_environment = [\"LANG\", \"NOT_SET\"]\n");
    ASSERT_TRUE(loaded) << said(loaded);
    ASSERT_EQ(loaded->settings.hooks.size(), 1U);
    auto const& hook = loaded->settings.hooks.front();
    EXPECT_EQ(hook.owner.text(), "hook:relay");
    EXPECT_EQ(hook.command, std::vector<std::string>{program()});
    EXPECT_EQ(hook.timeout, std::chrono::seconds{20});
    EXPECT_EQ(hook.slots, (std::vector<std::string>{"key1", "key2"}));
    ASSERT_EQ(hook.environment.size(), 2U);
    EXPECT_EQ(hook.environment[0].name, "TOKEN");
    EXPECT_TRUE(hook.environment[0].value.equals("a,b"));
    EXPECT_EQ(hook.environment[1].name, "LANG");
}

TEST_F(HookFile, AnAddress) {
    auto const loaded = load_text(R"(
[[hook]]
name = "portal"
url = "https://portal.example.com/hooks/kssedr?zone=eu"
signing_secret = "https://ops.vault.azure.net/secrets/portal-signing"
timeout = "PT5S"
slots = ["a", "b", "c", "d"]
least = 20
most = 40
marks = "+/="
value_members = ["apiKey", "secret"]
connection_member = "Api Key"
hosts = ["portal.example.com"]
)");
    ASSERT_TRUE(loaded) << said(loaded);
    auto const& hook = loaded->settings.hooks.front();
    EXPECT_EQ(hook.url, "https://portal.example.com/hooks/kssedr?zone=eu");
    ASSERT_TRUE(hook.signing_secret);
    EXPECT_EQ(hook.signing_secret->name, "portal-signing");
    EXPECT_EQ(hook.timeout, std::chrono::seconds{5});
    EXPECT_EQ(hook.slots.size(), 4U);
    EXPECT_EQ(hook.value_members, (std::vector<std::string>{"apiKey", "secret"}));
    EXPECT_EQ(hook.marks, "+/=");
}

TEST_F(HookFile, ArgumentsMayHoldAnything) {
    auto const loaded = load_text("[[hook]]\nname = \"r\"\ncommand = [\"PROGRAM\", \"a,b\", \"\", \"$HOME; c\"]\n");
    ASSERT_TRUE(loaded) << said(loaded);
    EXPECT_EQ(loaded->settings.hooks.front().command, (std::vector<std::string>{program(), "a,b", "", "$HOME; c"}));
}

TEST_F(HookFile, WhatIsWrongIsSaidWithItsLine) {
    struct Case {
        std::string_view text;
        std::string_view says;
    };
    for (auto const& [text, says] : std::initializer_list<Case>{
             {"comand = [\"/x\"]", ":4, hook: a hook has no member \"comand\"; did you mean command?"},
             {"url = \"https://a\"", ":3, hook: write one of command"},
             {"timeout = \"PT30S\"", ":4, hook: timeout is an ISO 8601 duration from PT1S to PT29S"},
             {"slots = [\"a\"]", ":4, hook: slots are two names"},
             {"slots = [\"a\", \"a\"]", ":4, hook: slots are two names"},
             {"least = 7", ":4, hook: least is a number from 8 to 256"},
             {"least = 20\nmost = 10", ":4, hook: least is more than most"},
             {"marks = \";\"", ":4, hook: marks are the characters"},
             {"pass_environment = [\"AZURE_CLIENT_SECRET\"]", ":4, hook: AZURE_CLIENT_SECRET is how kssedr itself"},
             {"pass_environment = [\"AzureWebJobsStorage\"]", ":4, hook: AzureWebJobsStorage is how kssedr itself"},
             {"pass_environment = \"A-B\"", ":4, hook: \"A-B\" is no name of a variable"},
             {"environment = \"A=b\"", ":4, hook: environment is a table"},
             {"signing_secret = \"https://o.vault.azure.net/secrets/s\"", ":4, hook: signing_secret is for a hook"},
             {"hosts = [\"https://a\"]", ":4, hook: a host is a name"},
             {"value_members = [\"\"]", ":4, hook: a member's name is made of"},
         }) {
        auto const loaded = load_text(std::string(plain) + std::string(text));
        EXPECT_FALSE(loaded) << text;
        EXPECT_TRUE(said(loaded).contains(says)) << text << "\nsaid: " << said(loaded);
    }
    for (auto const& [text, says] : std::initializer_list<Case>{
             {"hook = \"x\"", ":1: hook is a list of tables; write [[hook]]"},
             {"[[hook]]\nname = \"a b\"\n", ":2, hook: name is what secrets ask for"},
             {"[[hook]]\nname = \"a\"\ncommand = \"relay --now\"", ":3, hook: command is a list"},
             {"[[hook]]\nname = \"a\"\ncommand = [\"/not/there\"]", ":3, hook: a hook's program is to be writable by"},
             {"[[hook]]\nname = \"a\"\nurl = \"http://a\"", ":3, hook: write url = "},
             {"[[hook]]\nname = \"a\"\nurl = \"https://u:p@a/\"", ":3, hook: write url = "},
             {"[[hook]]\nname = \"a\"\nurl = \"https://a\"", ":1, hook: write signing_secret = "},
             {"[[hook]]\nname = \"a\"\ncommand = [\"PROGRAM\"]\n[[hook]]\nname = \"A\"\ncommand = [\"PROGRAM\"]",
              ":4, hook: "},
         }) {
        auto const loaded = load_text(std::string(text));
        EXPECT_FALSE(loaded) << text;
        EXPECT_TRUE(said(loaded).contains(says)) << text << "\nsaid: " << said(loaded);
    }
}

TEST_F(HookFile, WhatOthersMayWriteIsRefused) {
    using enum fs::perms;
    ASSERT_TRUE(load_text(std::string(plain)));
    fs::permissions(file(), others_write, fs::perm_options::add);
    EXPECT_TRUE(said(load_it()).contains("a file with hooks is to be writable by its owner alone: others may write"));
    fs::permissions(file(), others_write, fs::perm_options::remove);
    fs::permissions(program(), group_write, fs::perm_options::add);
    EXPECT_TRUE(said(load_it()).contains("others may write " + program()));
    fs::permissions(program(), group_write, fs::perm_options::remove);
    fs::permissions(folder(), others_write, fs::perm_options::add);
    EXPECT_TRUE(said(load_it()).contains("others may write " + folder() + "; run: chmod go-w"));
    fs::permissions(folder(), sticky_bit, fs::perm_options::add);
    EXPECT_TRUE(load_it()) << "in a folder with the sticky bit nobody replaces another's file";
}

TEST_F(HookFile, ALinkIsFollowedStepByStep) {
    using enum fs::perms;
    fs::create_directory(folder() + "/open");
    fs::permissions(folder() + "/open", all);
    fs::create_symlink(program(), folder() + "/open/relay");
    fs::create_symlink("open/relay", folder() + "/link");
    auto const text = "[[hook]]\nname = \"r\"\ncommand = [\"" + folder() + "/link\"]\n";
    EXPECT_TRUE(said(load_text(text)).contains("others may write " + folder() + "/open;"));
    fs::permissions(folder() + "/open", owner_all);
    EXPECT_TRUE(load_text(text));
    fs::create_symlink("loop", folder() + "/loop");
    EXPECT_TRUE(
        said(load_text("[[hook]]\nname = \"r\"\ncommand = [\"" + folder() + "/loop\"]\n")).contains("leads nowhere"));
}

TEST_F(HookFile, WithoutHooksOthersMayWriteTheFile) {
    ASSERT_TRUE(load_text("lead = \"P20D\"\n"));
    fs::permissions(file(), fs::perms::others_write, fs::perm_options::add);
    EXPECT_TRUE(load_it());
}

}  // namespace
}  // namespace kssedr::config
