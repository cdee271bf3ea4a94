// A wave: the runs that are going at once, stage by stage, with a look after each that ends those that need
// not go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "crew.hpp"
#include "findings.hpp"
#include "offspring.hpp"
#include "setting.hpp"
#include "swarm.hpp"

namespace lanewise {

/// What is to be run at once.
struct Plan {
    double alpha;
    std::size_t iterations;
    std::size_t runs;
    std::uint64_t first_id;
    std::span<const Child> offspring = {};  ///< where they start; none: at the starts of the design
};

/// At each look that comes late in a wave a run may be merged into another, which is then pruned for a third:
/// so often in a row runs can have been given up.
inline constexpr std::size_t most_given_up_in_a_row = 6;

/// Decisions at a look are functions of what is known of the runs in the order of their start ids, never of
/// lanes, tiles or threads.
template <class T>
class Wave {
    using Which = typename Swarm<T>::Which;

  public:
    /// Without runs: they are begun, or read from an archive.
    Wave(const Setting& setting, Crew<T>& crew, Findings& findings);

    /// Runs as planned. False when the search is halted meanwhile: then the wave may only be ended.
    bool begin(const Plan& plan);
    /// Its runs are among those of the findings.
    bool has_begun() const noexcept { return !looks_unchanged_.empty(); }

    std::size_t first() const noexcept { return first_; }
    std::size_t iteration() const noexcept { return iteration_; }
    std::size_t iterations() const noexcept { return options_.iterations; }
    std::size_t runs() const noexcept { return runs_; }
    std::size_t alive() const noexcept { return alive_; }
    bool is_over() const noexcept { return iteration_ == iterations() || alive_ == 0; }

    /// Iterations from here to the next look, where all is to go on.
    std::size_t next_stage() const noexcept;
    /// A stage of so many iterations, and the look. When the search is halted meanwhile it is cut off: the
    /// same call once more, also of a wave that was archived, takes it to its end.
    void advance(std::size_t iterations);
    bool is_cut_off() const noexcept { return cut_off_ > 0; }

    /// The best points that runs which are still going have visited, of each neighbourhood one, at most
    /// `most`; none near a minimum that is known.
    std::vector<Rough> best_points(std::size_t most) const;

    /// Ends the runs that are still going.
    void end();

    /// Of one that has begun.
    template <class Archive>
    void archive(Archive& archive) {
        std::size_t lanes = swarm_.lanes();
        std::size_t tile_lanes = swarm_.tile_lanes();
        archive(options_.rule.alpha, options_.iterations, first_, runs_, iteration_, stage_, cut_off_, alive_,
                looks_unchanged_, last_f_, earlier_best_f_, is_sample_, lanes, tile_lanes);
        if constexpr (Archive::reads) {
            swarm_ = Swarm<T>::with_room(archive, first_, lanes, *setting_->box, options_, tile_lanes);
        }
        archive(swarm_);
    }

  private:
    friend class StateRules;

    /// Values do not compare with those in double, in which findings are.
    static constexpr bool is_single = std::is_same_v<T, float>;

    /// A run whose value was the same at so many in a row has converged.
    static constexpr std::uint8_t enough_looks = 3;

    /// Iterations between two looks, where all is to go on.
    std::size_t whole_stage() const noexcept;
    void note_best();
    std::optional<std::size_t> best_lane(const std::vector<std::size_t>& refused) const;
    void take_best(std::size_t lane, double f);
    void retire();
    void merge();
    void prune();
    void enlist();
    void end_run(std::size_t lane, RunStatus status, double f, Which where);
    std::vector<double> point(std::size_t lane, Which which) const;
    std::vector<std::size_t> live_lanes() const;
    template <class Value>
    Clusters cluster_lanes(Which where, const Nearness& nearness, Value value) const;
    std::size_t in_wave(std::size_t lane) const { return swarm_.run(lane) - first_; }
    bool is_due(double share) const;

    const Setting* setting_;
    Crew<T>* crew_;
    Findings* findings_;
    Options options_;
    std::size_t first_ = 0;
    std::size_t runs_ = 0;
    Swarm<T> swarm_;
    std::size_t iteration_ = 0;
    std::size_t stage_ = 0;    ///< iterations of the last stage
    std::size_t cut_off_ = 0;  ///< iterations of the stage that is under way
    std::size_t alive_ = 0;
    std::uint64_t first_id_ = 0;
    std::vector<std::uint64_t> lines_;  ///< of offspring

    // By run of the wave.
    std::vector<std::uint8_t> looks_unchanged_;  ///< in a row
    std::vector<double> last_f_;                 ///< at the last look
    std::vector<double> earlier_best_f_;         ///< when pruning was last due
    std::vector<std::uint8_t> is_sample_;        ///< or a run of the sample was merged into it
};

}  // namespace lanewise
