// The rules that a state has to meet when it is read back. A checksum tells damage by chance, not a state
// that someone has made up: of what a search relies on, every field's rule is looked at once, here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "findings.hpp"
#include "found_part.hpp"
#include "offspring.hpp"
#include "setting.hpp"
#include "state.hpp"
#include "wave.hpp"

namespace lanewise {

/// The next step of a search.
enum class Next : std::uint8_t { begin_wave, stage, converge, refine, after_wave, last_polish, nothing };

/// Breeding ends after so many generations in a row that found nothing better.
inline constexpr std::size_t most_barren = 8;

/// The last polish looks so often for minima that are not polished yet.
inline constexpr std::size_t most_last_rounds = 8;

/// A search as it was read back.
struct SearchState {
    const Setting& setting;
    const Findings& findings;
    const Offspring& offspring;
    Wave* wave;  ///< null between two waves
    Next next;
    bool settled;
    double best_before_starts;
    bool breeding;
    std::size_t begun, barren, first, last_rounds, asked_for_joints;
    std::uint64_t joint_evaluations;
    const std::vector<std::uint32_t>& to_converge;
    std::uint64_t converge_evaluations;
    std::size_t converge_group;
    double best_before;
    const std::vector<double>& best_x_before;
    const std::vector<PolishStart>& to_polish;
    std::uint64_t polish_evaluations;
    const EngineWork& work;
    double seconds;
};

/// All throw std::invalid_argument naming the field whose rule does not hold. They take time linear in the
/// size of what they look at.
void require_rules(const OpenState& open);
void require_rules(const SearchState& state);
void require_rules(const FoundPart& part, const Options& options, const Box& box);

}  // namespace lanewise
