/// SecretString: bytes that must not be copied by accident, printed, compared in variable time, or left
/// behind in memory.
///
/// The bytes live on the heap only, so that a move leaves nothing in the old place, and are wiped whenever
/// they are freed, replaced or outgrown. The way to them is `expose()`; the files that may say it are listed
/// in tools/check. It is movable and not copyable (`clone()` says so aloud), and it can not be streamed or
/// formatted: a value that prints as "***" still invites people to hand it to a logger.

#pragma once

#include <cstddef>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace kssedr {

/// Overwrites bytes in a way the compiler may not leave out.
void wipe(std::span<char> bytes);

class SecretString {
public:
    SecretString() = default;
    SecretString(SecretString&& other) noexcept;
    SecretString& operator=(SecretString&& other) noexcept;
    SecretString(SecretString const&) = delete;
    SecretString& operator=(SecretString const&) = delete;
    ~SecretString();

    /// Copies bytes in. The caller's buffer stays the caller's to wipe.
    [[nodiscard]] static SecretString copy_of(std::string_view bytes);
    /// Copies bytes in and wipes the source, a small-string buffer included.
    [[nodiscard]] static SecretString absorb(std::string&& bytes);
    [[nodiscard]] SecretString clone() const { return copy_of(expose()); }

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }

    /// The bytes. Valid until this object is changed, moved from or destroyed.
    [[nodiscard]] std::string_view expose() const { return {bytes_.get(), size_}; }
    /// The same bytes, to be changed in place.
    [[nodiscard]] std::span<char> expose_mutable() { return {bytes_.get(), size_}; }

    /// Adds bytes at the end; the outgrown buffer is wiped.
    void append(std::string_view bytes);
    /// Makes room for `capacity` bytes in all, so that appending up to it moves nothing.
    void reserve(std::size_t capacity);
    /// Wipes and frees.
    void clear();

    /// In time that depends on the lengths alone.
    [[nodiscard]] friend bool operator==(SecretString const& a, SecretString const& b) {
        return equals(a.expose(), b.expose());
    }
    [[nodiscard]] bool equals(std::string_view other) const { return equals(expose(), other); }
    /// The same for its first bytes; of nothing, every one begins with it.
    [[nodiscard]] bool begins_with(std::string_view begin) const {
        return size_ >= begin.size() && equals(expose().substr(0, begin.size()), begin);
    }

private:
    static bool equals(std::string_view a, std::string_view b);

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

// Not printable by any of the routes a logger would try.
template <class Stream>
    requires std::is_base_of_v<std::ios_base, Stream>
Stream& operator<<(Stream&, SecretString const&) = delete;

}  // namespace kssedr
