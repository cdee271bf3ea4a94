// A wave: the runs that are going at once, stage by stage, with a look after each that ends those that need
// not go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decisions.hpp"
#include "engine/engine.hpp"
#include "findings.hpp"
#include "offspring.hpp"
#include "setting.hpp"

namespace lanewise {

/// A plan of runs that go at once.
struct Plan {
    Course course;
    std::size_t runs;
    std::uint64_t first_id;
    std::span<const Child> offspring = {};  ///< where they start; none: at the starts of the design
};

/// At each look that comes late in a wave a run may be merged into another, which is then pruned for a third,
/// and at the last look it may be merged: so often in a row runs can have been given up.
inline constexpr std::size_t most_given_up_in_a_row = 7;

/// The one place where verdicts are carried out. Decisions at a look are functions of what is known of the
/// runs in the order of their numbers, which is that of their start ids (decisions.hpp).
class Wave {
  public:
    /// The wave has no runs yet: they are begun, or read from an archive.
    Wave(const Setting& setting, Engine& engine, Halt& halt, Findings& findings);

    /// Runs as planned. False when the search is halted meanwhile: then the wave may only be ended.
    bool begin(const Plan& plan);
    /// Whether its runs are among those of the findings.
    bool has_begun() const noexcept { return !history_.looks_unchanged.empty(); }

    std::size_t first() const noexcept { return history_.first; }
    std::size_t iteration() const noexcept { return iteration_; }
    std::size_t iterations() const noexcept { return course_.iterations; }
    std::size_t runs() const noexcept { return runs_; }
    std::size_t alive() const noexcept { return alive_; }
    bool is_over() const noexcept { return iteration_ == iterations() || alive_ == 0; }

    /// The iterations from here to the next look, unless the budget ends before.
    std::size_t next_stage() const noexcept;
    /// A stage of so many iterations, and the look. When the search is halted meanwhile it is cut off: the
    /// same call once more, also of a wave that was archived, takes it to its end.
    void advance(std::size_t iterations);
    bool is_cut_off() const noexcept { return cut_off_ > 0; }

    /// See decisions.hpp.
    std::vector<PolishStart> best_points(std::size_t most);

    /// Ends the runs that are still going.
    void end();

    /// Only a wave that has begun can be archived.
    template <class Archive>
    void archive(Archive& archive) {
        archive(course_.rule.alpha, course_.iterations, history_.first, runs_, iteration_, stage_, cut_off_,
                alive_, history_.looks_unchanged, history_.first_f, history_.last_f, history_.earlier_best_f,
                history_.is_sample);
        if constexpr (Archive::reads) {
            engine_->load(archive, history_.first, course_);
        } else {
            engine_->save(archive);
        }
    }

  private:
    friend class StateRules;

    /// Iterations between two looks, where all is to go on.
    std::size_t whole_stage() const noexcept;
    Look& look();
    Points points(Where where) const;
    void note_best(const Look& look);
    void take_best(const Look& look, std::size_t i, double f);
    void enlist();
    void carry_out(const std::vector<Verdict>& verdicts);
    /// The radius of a neighbourhood, in units of the box.
    double reach() const;
    bool is_due(double share) const;

    const Setting* setting_;
    Engine* engine_;
    Halt* halt_;
    Findings* findings_;
    SameBasin same_basin_;
    Course course_;
    std::size_t runs_ = 0;
    std::size_t iteration_ = 0;
    std::size_t stage_ = 0;    ///< iterations of the last stage
    std::size_t cut_off_ = 0;  ///< iterations of the stage that is under way
    std::size_t alive_ = 0;
    std::uint64_t first_id_ = 0;
    std::vector<std::uint64_t> lines_;  ///< of offspring
    History history_;
    Look look_;  ///< the last; kept for its memory
};

}  // namespace lanewise
