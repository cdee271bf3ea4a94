/// Parts: the unit in which work is distributed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lanewise {

inline constexpr std::size_t most_parts = 10'000'000;

/// A part of something that is counted, of starts or problems: number 1 to `of` of parts that are as large as
/// each other, but for one; of at most most_parts.
///
///     const lanewise::Part part{.number = 3, .of = 100};
///     part.first(4096);  // 81
///     part.last(4096);   // 122
struct Part {
    std::size_t number;
    std::size_t of;

    /// Of `count` items it has those from first() on.
    std::uint64_t first(std::uint64_t count) const noexcept { return share(number - 1, count); }
    /// And not this one.
    std::uint64_t last(std::uint64_t count) const noexcept { return share(number, count); }

    bool operator==(const Part&) const = default;

  private:
    /// count * parts / of, which may be larger than a word on the way.
    std::uint64_t share(std::uint64_t parts, std::uint64_t count) const noexcept {
        return count / of * parts + count % of * parts / of;
    }
};

}  // namespace lanewise
