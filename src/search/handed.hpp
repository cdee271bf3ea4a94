// What parts of a later round are handed of the rounds before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "parent.hpp"
#include "setting.hpp"

namespace lanewise {

/// The round of a part, from 1 on: round r has the parts Part{r, rounds} of all.
std::size_t round_of(std::size_t part, const Options& options) noexcept;
/// The last part of a round, from 1 on.
std::size_t last_part(std::size_t round, const Options& options) noexcept;

struct Handed {
    std::uint64_t search;  ///< search_digest
    std::uint64_t round;   ///< of the parts that it is for
    std::uint64_t of;      ///< a digest of what all parts before found
    std::vector<Parent> parents;

    template <class Archive>
    void archive(Archive& archive) {
        archive(search, round, of, parents);
    }
};

std::string to_bytes(Handed handed);

/// Lets the part's setting have what its options hand it.
/// \throws std::invalid_argument saying why the part cannot be handed that.
void take_handed(Setting& setting);

}  // namespace lanewise
