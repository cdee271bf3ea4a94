// Bytes told apart by a number.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lanewise {

/// As FNV-1a, of words rather than bytes. Goes on from `before`.
inline std::uint64_t digest(std::string_view bytes, std::uint64_t before = 0xcbf29ce484222325U) {
    constexpr std::uint64_t prime = 0x100000001b3U;
    std::uint64_t hash = before;
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t size = std::min(bytes.size(), sizeof word);
        std::copy_n(bytes.data(), size, reinterpret_cast<char*>(&word));
        hash = (hash ^ word) * prime;
        hash ^= hash >> 29U;
        bytes.remove_prefix(size);
    }
    return hash;
}

}  // namespace lanewise
