/// MemoryScan: looks for bytes in all of this process's memory, to prove that a secret has left nothing behind.
///
/// The bytes looked for are held masked, so that the scan does not find itself.

#pragma once

#include "base/secret_string.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define KSSEDR_MEMORY_IS_SHADOWED 1
#endif
#endif

namespace kssedr::test {

/// Whether memory can be looked through here: a sanitizer maps terabytes, and keeps what was freed.
constexpr bool can_scan_memory() {
#ifdef KSSEDR_MEMORY_IS_SHADOWED
    return false;
#else
    return true;
#endif
}

class MemoryScan {
public:
    /// Remembers what to look for; the caller's copy stays the caller's to wipe.
    explicit MemoryScan(std::string_view bytes) {
        for (char const c : bytes) masked_ += static_cast<char>(c ^ mask);
    }

    /// In how many places the bytes stand.
    [[nodiscard]] int count() const {
        int found = 0;
        std::FILE* const maps = std::fopen("/proc/self/maps", "r");
        int const memory = ::open("/proc/self/mem", O_RDONLY);
        unsigned long from = 0;
        unsigned long to = 0;
        std::array<char, 5> rights{};
        std::array<char, 512> line{};
        while (std::fgets(line.data(), line.size(), maps) != nullptr)
            if (std::sscanf(line.data(), "%lx-%lx %4s", &from, &to, rights.data()) == 3 && rights[1] == 'w')
                found += count_between(memory, from, to);
        std::fclose(maps);
        ::close(memory);
        return found;
    }

private:
    static constexpr char mask = 0x5a;

    int count_between(int memory, unsigned long from, unsigned long to) const {
        static std::array<char, 1U << 16U> window;
        auto const own = reinterpret_cast<unsigned long>(window.data());
        int found = 0;
        // Windows overlap by the length looked for, less one, so that each place is whole in exactly one of them.
        for (unsigned long at = from; at < to; at += window.size() - masked_.size() + 1) {
            if (at < own + window.size() && at + window.size() > own) continue;  // what was read before
            auto const size =
                ::pread(memory, window.data(), std::min<unsigned long>(window.size(), to - at), static_cast<off_t>(at));
            if (size > 0) found += count_in({window.data(), static_cast<std::size_t>(size)});
        }
        wipe(window);
        return found;
    }

    [[nodiscard]] int count_in(std::string_view bytes) const {
        int found = 0;
        for (std::size_t i = 0; i + masked_.size() <= bytes.size(); ++i) {
            std::size_t same = 0;
            while (same < masked_.size() && static_cast<char>(bytes[i + same] ^ mask) == masked_[same]) ++same;
            if (same == masked_.size()) ++found;
        }
        return found;
    }

    std::string masked_;
};

}  // namespace kssedr::test
