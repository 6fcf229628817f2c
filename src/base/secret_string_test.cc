#include "base/secret_string.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <ostream>

namespace {

// What this program's `delete[]` sees of the memory it is asked to free, while that memory is still ours to look at:
// the one moment at which freed bytes can be judged without reading what is no longer owned.
struct Freed {
    void const* watched = nullptr;
    std::size_t size = 0;
    bool was_freed = false;
    bool was_wiped = false;
};
Freed freed;

void look_at(void const* memory) noexcept {
    if (memory == nullptr || memory != freed.watched) return;
    auto const* bytes = static_cast<char const*>(memory);
    freed.was_freed = true;
    freed.was_wiped = std::all_of(bytes, bytes + freed.size, [](char c) { return c == '\0'; });
    freed.watched = nullptr;
}

}  // namespace

void* operator new[](std::size_t size) {
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete[](void* memory) noexcept {
    look_at(memory);
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    look_at(memory);
    std::free(memory);
}

namespace kssedr {
namespace {

// What must not be possible. test/negative/ shows that the compiler refuses the sentences people would write.
static_assert(!std::is_copy_constructible_v<SecretString> && !std::is_copy_assignable_v<SecretString>);
static_assert(std::is_nothrow_move_constructible_v<SecretString> && std::is_nothrow_move_assignable_v<SecretString>);
static_assert(!std::is_convertible_v<SecretString, std::string> &&
              !std::is_convertible_v<SecretString, std::string_view>);
static_assert(!std::is_constructible_v<std::string, SecretString const&> &&
              !std::is_constructible_v<std::string_view, SecretString const&>);
static_assert(!std::is_constructible_v<SecretString, char const*> &&
              !std::is_constructible_v<SecretString, std::string>);
static_assert(!fmt::is_formattable<SecretString>::value);

template <class T>
concept Streamable = requires(std::ostream& out, T const& value) { out << value; };
template <class T>
concept Hashable = requires(T const& value) { std::hash<T>{}(value); };
template <class T>
concept Ordered = requires(T const& a, T const& b) { a < b; };
static_assert(Streamable<std::string> && !Streamable<SecretString>);
static_assert(!Hashable<SecretString> && !Ordered<SecretString>, "no map is keyed by secrets");

constexpr std::string_view text = "a secret of some length";

// Watches the memory that holds a secret now.
void watch(SecretString const& secret) {
    freed = {.watched = secret.expose().data(), .size = secret.size()};
}

TEST(SecretString, HoldsBytes) {
    SecretString const empty;
    EXPECT_TRUE(empty.empty());
    EXPECT_EQ(empty.expose(), "");
    auto const secret = SecretString::copy_of(text);
    EXPECT_EQ(secret.expose(), text);
    EXPECT_EQ(secret.size(), text.size());
    EXPECT_FALSE(secret.empty());
    EXPECT_TRUE(SecretString::copy_of("").empty());
    using namespace std::string_literals;
    EXPECT_EQ(SecretString::copy_of("\0a\0"s).expose(), "\0a\0"s);
}

TEST(SecretString, IsEqualByBytes) {
    auto const secret = SecretString::copy_of(text);
    EXPECT_TRUE(secret == secret.clone());
    EXPECT_NE(secret.clone().expose().data(), secret.expose().data());
    EXPECT_TRUE(secret.equals(text));
    EXPECT_FALSE(secret.equals(text.substr(1)));
    EXPECT_TRUE(secret.begins_with(text.substr(0, 2)) && secret.begins_with(text) && secret.begins_with(""));
    EXPECT_FALSE(secret.begins_with(text.substr(1)));
    EXPECT_FALSE(secret.begins_with(std::string(text) + "x"));
    EXPECT_FALSE(secret == SecretString());
    EXPECT_TRUE(SecretString() == SecretString());
    auto changed = secret.clone();
    changed.expose_mutable().back() ^= 1;
    EXPECT_FALSE(secret == changed);
}

TEST(SecretString, AbsorbWipesItsSource) {
    // Short enough to live inside the string object, and too long for it.
    for (std::size_t const size : {5UZ, 500UZ}) {
        std::string source(size, 's');
        char const* const bytes = source.data();
        auto const secret = SecretString::absorb(std::move(source));
        EXPECT_EQ(secret.expose(), std::string(size, 's'));
        EXPECT_TRUE(source.empty());
        // The string still owns its buffer: grown within its capacity it shows what was left there.
        ASSERT_EQ(source.data(), bytes);
        source.resize_and_overwrite(size, [](char*, std::size_t count) { return count; });
        EXPECT_EQ(source, std::string(size, '\0'));
    }
}

TEST(SecretString, MovingLeavesNothing) {
    auto secret = SecretString::copy_of(text);
    auto const* const bytes = secret.expose().data();
    SecretString moved(std::move(secret));
    EXPECT_EQ(moved.expose().data(), bytes) << "nothing is copied, so nothing is left behind";
    EXPECT_TRUE(secret.empty());  // NOLINT: looking at what was moved from is the point
    SecretString other;
    other = std::move(moved);
    EXPECT_EQ(other.expose(), text);
    EXPECT_TRUE(moved.empty());  // NOLINT
    auto& same = other;
    other = std::move(same);
    EXPECT_EQ(other.expose(), text);
}

TEST(SecretString, IsWipedBeforeItsMemoryIsFreed) {
    {
        auto const secret = SecretString::copy_of(text);
        watch(secret);
    }
    EXPECT_TRUE(freed.was_freed && freed.was_wiped) << "when destroyed";

    auto secret = SecretString::copy_of(text);
    watch(secret);
    secret.clear();
    EXPECT_TRUE(freed.was_freed && freed.was_wiped) << "when cleared";
    EXPECT_TRUE(secret.empty());

    secret = SecretString::copy_of(text);
    watch(secret);
    secret = SecretString::copy_of("another");
    EXPECT_TRUE(freed.was_freed && freed.was_wiped) << "when replaced";

    secret = SecretString::copy_of(text);
    watch(secret);
    secret.reserve(1000);
    EXPECT_TRUE(freed.was_freed && freed.was_wiped) << "when outgrown";
    EXPECT_EQ(secret.expose(), text);

    secret = SecretString::copy_of(text);
    watch(secret);
    secret.append(" and more");
    EXPECT_TRUE(freed.was_freed && freed.was_wiped) << "when appended to";
    EXPECT_EQ(secret.expose(), std::string(text) + " and more");
}

// The watch itself must be able to say no.
TEST(SecretString, TheWatchSeesWhatIsNotWiped) {
    auto plain = std::make_unique<char[]>(text.size());
    std::memcpy(plain.get(), text.data(), text.size());
    freed = {.watched = plain.get(), .size = text.size()};
    plain.reset();
    EXPECT_TRUE(freed.was_freed);
    EXPECT_FALSE(freed.was_wiped);
}

TEST(SecretString, AppendingWithinItsRoomMovesNothing) {
    SecretString secret;
    secret.reserve(100);
    secret.append("a");
    auto const* const bytes = secret.expose().data();
    for (int i = 1; i < 100; ++i) secret.append("a");
    EXPECT_EQ(secret.expose().data(), bytes);
    EXPECT_EQ(secret.expose(), std::string(100, 'a'));
    secret.append("");
    secret.append("b");
    EXPECT_EQ(secret.expose(), std::string(100, 'a') + 'b');
}

TEST(Wipe, OverwritesBytes) {
    std::array<char, 4> bytes = {'a', 'b', 'c', 'd'};
    wipe(std::span(bytes).first(3));
    EXPECT_EQ(bytes, (std::array<char, 4>{'\0', '\0', '\0', 'd'}));
    wipe({});
}

}  // namespace
}  // namespace kssedr
