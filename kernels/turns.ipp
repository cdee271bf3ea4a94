// Adam's iterations by machine code: the vectors of a tile are laid out as frames, which take turns. What is
// done once per stretch of iterations, or hardly ever, is here.
#pragma once

#include <algorithm>
#include <bit>

#include "advance.ipp"

namespace lanewise::kernels {
namespace {

/// A frame as a tile of one vector.
template <class T>
Tile<T> tile_of_frame(const Tile<T>& tile, T* frame) {
    const std::size_t d = tile.dimension;
    const auto row = [&](std::size_t index) { return frame + index * Batch<T>::size; };
    const auto row_of = [&](FrameRow what) { return row(frame_row(d, what)); };
    const auto block = [&](FrameBlock what) { return row(frame_row(d, what, 0)); };
    Tile<T> of_frame = tile;
    of_frame.lanes = Batch<T>::size;
    of_frame.x = block(FrameBlock::x);
    of_frame.best_x = block(FrameBlock::best_x);
    of_frame.moments = block(FrameBlock::m);
    of_frame.g = block(FrameBlock::g);
    of_frame.f = row_of(FrameRow::f);
    of_frame.best_f = row_of(FrameRow::best_f);
    of_frame.best_step = row_of(FrameRow::best_step);
    of_frame.steps_taken = row_of(FrameRow::steps_taken);
    of_frame.status = row_of(FrameRow::status);
    of_frame.slope = nullptr;
    return of_frame;
}

/// Copies what is kept of a vector of runs from one tile to another.
template <class T>
void copy_runs(const Tile<T>& from, std::size_t from_lane, const Tile<T>& to, std::size_t to_lane) {
    const auto copy_rows = [&](T* Tile<T>::*rows, std::size_t count) {
        for (std::size_t row = 0; row < count; ++row)
            store(to.*rows + row * to.lanes + to_lane, load(from.*rows + row * from.lanes + from_lane));
    };
    copy_rows(&Tile<T>::x, from.dimension);
    copy_rows(&Tile<T>::best_x, from.dimension);
    copy_rows(&Tile<T>::moments, moment_rows[adam] * from.dimension);
    for (T* Tile<T>::*row : {&Tile<T>::best_f, &Tile<T>::best_step, &Tile<T>::steps_taken, &Tile<T>::status})
        copy_rows(row, 1);
}

template <class T>
Mask<T> live_lanes(const Tile<T>& frame) {
    return load(frame.status) == Batch<T>(T(live));
}

/// Writes masks as machine code reads them: all bits of a lane, or none.
template <class T>
void store_mask(T* row, Mask<T> mask) {
    using Bits = std::conditional_t<sizeof(T) == sizeof(std::uint64_t), std::uint64_t, std::uint32_t>;
    store(row, xsimd::select(mask, Batch<T>(std::bit_cast<T>(static_cast<Bits>(-1))), Batch<T>(T(0))));
}

/// What machine code works on beside the frames, in memory of the caller's.
template <class T>
struct TurnMemory {
    static constexpr std::size_t width = Batch<T>::size;
    static constexpr std::size_t step_numbers = static_cast<std::size_t>(StepRow::rows) * width;

    T* step_rows;  ///< of two iterations
    T* ranges;
    T* nothing;  ///< a frame without runs: it is moved in the first turn
    T* frames;

    static std::size_t frame(std::size_t dimension) { return frame_rows(dimension) * width; }
    static std::size_t range_numbers(std::size_t dimension) { return (flip_row(dimension) + 1) * width; }

    TurnMemory(T* memory, const Tile<T>& tile) {
        const auto address = reinterpret_cast<std::uintptr_t>(memory);
        constexpr std::size_t bytes = 2 * step_numbers * sizeof(T);
        step_rows = memory + (bytes - address % bytes) % bytes / sizeof(T);
        ranges = step_rows + 2 * step_numbers;
        nothing = ranges + range_numbers(tile.dimension);
        frames = nothing + frame(tile.dimension);
        for (std::size_t j = 0; j < tile.dimension; ++j) {
            const Range<T> range(tile, j);
            store(ranges + range_row(j, RangeRow::lower) * width, range.lower);
            store(ranges + range_row(j, RangeRow::upper) * width, range.upper);
            store(ranges + range_row(j, RangeRow::scale) * width, range.scale);
        }
        store(ranges + flip_row(tile.dimension) * width, Batch<T>(tile.flip));
        std::fill_n(nothing, frame(tile.dimension), T(0));
    }

    void begin(const Step<T>& step, T iteration) const {
        const auto set = [&](StepRow row, T number) {
            store(step_rows + static_cast<std::size_t>(row) * width, Batch<T>(number));
        };
        set(StepRow::alpha, step.alpha);
        set(StepRow::eps, step.eps);
        set(StepRow::eps_g, step.eps_g);
        set(StepRow::beta1, step.beta1);
        set(StepRow::beta2, step.beta2);
        set(StepRow::iteration, iteration);
    }
};

template <class T>
std::size_t turn_numbers(std::size_t dimension, std::size_t frames) {
    using Memory = TurnMemory<T>;
    return 4 * Memory::step_numbers + Memory::range_numbers(dimension) +
           (frames + 1) * Memory::frame(dimension);
}

/// Some vectors of a tile, as frames that take turns.
template <class T>
class Frames {
  public:
    static constexpr std::size_t width = Batch<T>::size;

    Frames(const TurnMemory<T>& memory, const Tile<T>& tile, std::size_t lane, std::size_t count)
        : memory_(memory), tile_(tile), lane_(lane), count_(count), size_(memory.frame(tile.dimension)) {
        for (std::size_t i = 0; i < count_; ++i) {
            copy_runs(tile_, lane_ + i * width, tile_of(i), 0);
            store_mask(row(i, FrameRow::moving), live_lanes(tile_of(i)));
        }
        if (count_ == 1) add_idle();
    }

    void put_back() const {
        for (std::size_t i = 0; i < count_; ++i) copy_runs(tile_of(i), 0, tile_, lane_ + i * width);
    }

    bool any_live() const {
        Mask<T> any(false);
        for (std::size_t i = 0; i < count_; ++i) any = any | live_lanes(tile_of(i));
        return xsimd::any(any);
    }

    /// Returns as Functions::advance does.
    std::size_t advance(const NativeFunctions<T>& code, const Step<T>* steps, std::size_t first,
                        std::size_t last) const {
        if (!any_live()) return first;
        memory_.begin(steps[first], T(first));
        Turns<T> turns{.current = memory_.nothing,
                       .begin = memory_.frames,
                       .end = memory_.frames + std::max(count_, least_frames) * size_,
                       .step = steps + first,
                       .last = steps + last,
                       .step_rows = memory_.step_rows,
                       .ranges = memory_.ranges};
        std::size_t counted[most_frames];  // iterations, in the frames' steps taken
        std::fill_n(counted, count_, first);
        std::size_t reached = last;
        while (code.take_turns(&turns) == 0) {
            const auto i = static_cast<std::size_t>(turns.current - memory_.frames) / size_;
            const auto k = static_cast<std::size_t>(turns.step - steps);
            if (i < count_) count_steps(i, k - counted[i]);
            counted[i] = k + 1;
            end_turn(i, T(k));
            if (any_live()) continue;
            reached = k;
            break;
        }
        for (std::size_t i = 0; i < count_; ++i) count_steps(i, last - counted[i]);
        // The last to be evaluated is still to be moved.
        const auto k = static_cast<std::size_t>(turns.step - steps);
        const Tile<T> frame = tile_of(static_cast<std::size_t>(turns.current - memory_.frames) / size_);
        const Mask<T> moving = live_lanes(frame);
        const Mask<T> improved = moving & (load(frame.best_step) == Batch<T>(T(k)));
        move<T, Adam>(frame, 0, {moving, improved, Mask<T>(false), true}, WideStep<T>(*turns.step, tile_));
        return reached;
    }

  private:
    Tile<T> tile_of(std::size_t i) const { return tile_of_frame(tile_, memory_.frames + i * size_); }
    T* row(std::size_t i, FrameRow row) const {
        return memory_.frames + i * size_ + frame_row(tile_.dimension, row) * width;
    }

    /// A frame that is evaluated while the only one with runs is moved.
    void add_idle() const {
        std::copy_n(memory_.frames, size_, memory_.frames + size_);
        store(tile_of(1).status, Batch<T>(T(ended)));
        store_mask(row(1, FrameRow::moving), Mask<T>(false));
    }

    void count_steps(std::size_t i, std::size_t iterations) const {
        const Tile<T> frame = tile_of(i);
        const Batch<T> more = xsimd::select(live_lanes(frame), Batch<T>(T(iterations)), Batch<T>(T(0)));
        store(frame.steps_taken, load(frame.steps_taken) + more);
    }

    /// The end of a turn whose value or gradient was not finite in every lane.
    void end_turn(std::size_t i, T iteration) const {
        const Tile<T> frame = tile_of(i);
        for (std::size_t j = 0; j < frame.dimension; ++j) {
            if (frame.fixed != nullptr && frame.fixed[j]) store(frame.g + j * width, Batch<T>(T(0)));
        }
        const Seen<T> seen = inspect(frame, 0, iteration);
        store(frame.steps_taken, count(load(frame.steps_taken), seen));
        store_mask(row(i, FrameRow::moving), seen.moving);
    }

    const TurnMemory<T>& memory_;
    const Tile<T>& tile_;
    std::size_t lane_, count_, size_;
};

template <class T>
std::size_t advance_in_turns(const NativeFunctions<T>& self, const Tile<T>& tile, const Step<T>* steps,
                             std::size_t first, std::size_t last, T* memory) {
    if (first == last) return first;
    const TurnMemory<T> turn_memory(memory, tile);
    std::size_t furthest = first;
    const std::size_t vectors = tile.lanes / Batch<T>::size;
    const std::size_t groups = (vectors + self.frames - 1) / self.frames;
    std::size_t lane = 0;
    for (std::size_t group = 0; group < groups; ++group) {
        const std::size_t count = vectors / groups + (group < vectors % groups ? 1 : 0);
        const Frames<T> frames(turn_memory, tile, lane, count);
        furthest = std::max(furthest, frames.advance(self, steps, first, last));
        frames.put_back();
        lane += count * Batch<T>::size;
    }
    return furthest;
}

}  // namespace
}  // namespace lanewise::kernels
