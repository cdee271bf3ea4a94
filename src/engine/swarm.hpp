// The runs that are going, as structure-of-arrays tiles.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "aligned.hpp"
#include "course.hpp"
#include "engine.hpp"
#include "kernels/table.hpp"
#include "look.hpp"
#include "search_box.hpp"

namespace lanewise {

/// The tile width for a state of `dimension` variables with `moment_rows` moments each and a program with
/// `scratch_rows` registers: as many lanes as keep what one iteration touches near.
std::size_t choose_tile_lanes(std::size_t dimension, std::size_t moment_rows, std::size_t scratch_rows,
                              std::size_t bytes_per_number);

/// A thread's workspace: rows beside the state of a tile that live from one look to the next only.
template <class T>
struct Workspace {
    Workspace(std::size_t lanes, std::size_t dimension, std::size_t scratch_rows)
        : rows(lanes * (dimension + 3)), scratch(lanes * scratch_rows), frames(0), point(dimension) {}

    /// A row in place of the best values, where values that are met do not count.
    T* unseen() const { return rows.data() + rows.size() / (point.size() + 3) * (point.size() + 2); }

    AlignedArray<T> rows;     ///< g, then best_step, status, unseen
    AlignedArray<T> scratch;  ///< registers of the objective's program
    AlignedArray<T> frames;   ///< what machine code writes on
    std::vector<double> point;
    std::vector<std::uint32_t> ids;
    EngineWork work;  ///< of this thread
};

/// The state of runs `first` to `first + runs - 1`, a run a lane. Whatever is asked by lane is the run's that
/// is in it: `compact` moves runs to other lanes. A lane without a live run is frozen; once fill_unused() has
/// seen to it, it stands at a point of a lane that is in use.
template <class T>
class Swarm {
  public:
    /// Memory is left untouched until the tiles are begun. Keeps a reference to the box. `sign` is -1 when
    /// maximising.
    Swarm(std::size_t first, std::size_t runs, const SearchBox& box, const Course& course, double sign,
          std::size_t tile_lanes);

    /// One to be read from an archive, which has to be long enough for it before it takes any memory.
    template <class Archive>
    static Swarm with_room(const Archive& archive, std::size_t first, std::size_t runs, const SearchBox& box,
                           const Course& course, double sign, std::size_t tile_lanes);

    std::size_t tile_lanes() const noexcept { return lanes_; }
    /// Lanes from 0 that may have a run, and the tiles they fill.
    std::size_t lanes() const noexcept { return runs_.size(); }
    std::size_t tiles() const noexcept { return (runs_.size() + lanes_ - 1) / lanes_; }
    /// Lanes of a tile that may have a run.
    std::size_t lanes_in(std::size_t tile) const noexcept;

    std::size_t run(std::size_t lane) const noexcept { return runs_[lane]; }

    /// Makes a tile ready to start, its lanes live.
    void begin(std::size_t tile);
    /// Where the run of a lane starts.
    void start(std::size_t lane, std::span<const double> x);
    /// Moves the run of a lane; its best point stays.
    void place(std::size_t lane, std::span<const double> x);
    /// Moves every run of a tile to its best point.
    void go_to_best(std::size_t tile);
    /// Writes the runs at whose points the lanes of a tile stand.
    const std::uint32_t* ids(std::size_t tile, std::vector<std::uint32_t>& ids) const;
    /// Moves the lanes of a tile that hold no live run to where its first live run stands, if there is one.
    void fill_unused(std::size_t tile);

    /// The tile for the kernels. `pack` puts back what `unpack` laid out in the workspace, after a call whose
    /// step 0 was iteration `iteration` of the runs.
    kernels::Tile<T> unpack(std::size_t tile, const Workspace<T>& workspace) const;
    void pack(std::size_t tile, const kernels::Tile<T>& rows, std::size_t iteration);

    kernels::LaneStatus status(std::size_t lane) const noexcept {
        return static_cast<kernels::LaneStatus>(status_[lane]);
    }
    /// Takes the run out of its lane.
    void retire(std::size_t lane) noexcept { status_[lane] = kernels::ended; }

    /// Value and slope where a run stands, as of the last look.
    double f(std::size_t lane) const noexcept { return static_cast<double>(f_[lane]); }
    double slope(std::size_t lane) const noexcept { return static_cast<double>(slope_[lane]); }
    /// Infinity while the run has seen nothing finite.
    double best_f(std::size_t lane) const noexcept { return static_cast<double>(best_f_[lane]); }
    /// The iteration that moved the run to its best point, from 0; -1 for the start.
    std::int32_t best_iteration(std::size_t lane) const noexcept { return best_iteration_[lane]; }
    /// Iterations that the run of a lane has taken part in.
    T steps_taken(std::size_t lane) const noexcept { return steps_taken_[lane]; }
    /// Iterations that the live runs of a tile have behind them; 0 where there is none.
    std::size_t iterations(std::size_t tile) const noexcept;
    /// Coordinate j of the point where a run stands, or of its best. On a wall it is the box's own bound,
    /// also where the run's precision does not hold that number.
    double coordinate(std::size_t lane, Where where, std::size_t j) const noexcept;

    /// True when these points of all lanes are within the bounds of the runs.
    bool is_within_bounds(Where where) const noexcept;

    /// Lanes whose run is live.
    std::size_t alive() const noexcept;
    bool is_live(std::size_t tile) const noexcept;  ///< one of its lanes
    /// Fills the lanes of runs that are not live with live ones from the end, and gives up the tiles behind.
    /// One tile takes the place of all when what is left fills at most half of one, or, where the lanes are
    /// to be close, whenever there are more lanes than that takes.
    void compact(bool close);
    /// Gives up all runs and their memory.
    void clear() noexcept;

    /// Tiles stay as they are: what is read goes into a swarm of as many lanes, in tiles of the same width.
    template <class Archive>
    void archive(Archive& archive) {
        const std::size_t all_lanes = tiles() * lanes_;
        const auto rows = [&](auto& array, std::size_t count) {
            archive(std::span(array.data(), all_lanes * count));
        };
        archive(std::span(runs_));
        rows(points_, 2 * dimension_);
        rows(moments_, moment_rows_ * dimension_);
        for (AlignedArray<T>* row : {&f_, &slope_, &best_f_, &steps_taken_}) rows(*row, 1);
        rows(best_iteration_, 1);
        rows(status_, 1);
    }

  private:
    /// Bytes that an archive holds for each lane.
    static std::size_t bytes_of_lane(std::size_t dimension, std::size_t moment_rows) {
        return ((2 + moment_rows) * dimension + 4) * sizeof(T) + sizeof(std::int32_t) + sizeof(std::uint8_t);
    }

    /// Copies a lane of `other` into one of this.
    void take(const Swarm& other, std::size_t from, std::size_t to);

    /// A swarm with room for so many runs, none of them begun.
    Swarm(const SearchBox& box, double sign, std::size_t moment_rows, std::size_t tile_lanes,
          std::size_t runs);

    /// Copies the points of one lane of a tile to another.
    void copy_points(std::size_t from, std::size_t to);

    const SearchBox* box_;
    T sign_;
    std::size_t dimension_, moment_rows_, lanes_;
    std::vector<std::uint32_t> runs_;                   ///< [lane]
    AlignedArray<T> points_;                            ///< [tile][x, best x][d][lane]
    AlignedArray<T> moments_;                           ///< [tile][moment][d][lane]
    AlignedArray<T> f_, slope_, best_f_, steps_taken_;  ///< [tile][lane]
    AlignedArray<std::int32_t> best_iteration_;
    AlignedArray<std::uint8_t> status_;
    AlignedArray<T> bounds_;         ///< lower, upper, scale
    std::unique_ptr<bool[]> fixed_;  ///< [d] variables that are; null: none
};

template <class T>
template <class Archive>
Swarm<T> Swarm<T>::with_room(const Archive& archive, std::size_t first, std::size_t runs,
                             const SearchBox& box, const Course& course, double sign,
                             std::size_t tile_lanes) {
    Archive::require(tile_lanes > 0 && tile_lanes % kernels::lane_group == 0, "wave.tile_lanes");
    const std::size_t bytes =
        bytes_of_lane(box.dimension(), kernels::moment_rows[kernel_method(course.rule.method)]);
    if (runs > 0) {
        // Each number is checked by itself first, so that the count of all lanes does not overflow.
        for (const std::size_t lanes : {runs, tile_lanes}) archive.expect(lanes, bytes, "wave.lanes");
        archive.expect((runs + tile_lanes - 1) / tile_lanes * tile_lanes, bytes, "wave.lanes");
    }
    return Swarm(first, runs, box, course, sign, tile_lanes);
}

}  // namespace lanewise
