/**
 * sharp does its work in a fixed order, whatever order its methods are called in (sharp 0.35 `src/pipeline.cc`). These
 * are its stations, as far as pictor uses them.
 *
 * | station | what sharp does there |
 * | --- | --- |
 * | turnFirst | flip, flop, rotate, where `resize` or `extract` is called after `rotate` (its `rotateBefore`) |
 * | extractFirst | the first `extract`, when no `resize` was called before it |
 * | flatten | removes transparency: before resizing, even when called last |
 * | resize | shrink on load and resampling |
 * | turn | flip, flop, rotate otherwise |
 * | crop | the cropping half of `resize` (smart crop) |
 * | extractLast | `extract` after `resize` or after an earlier `extract` |
 * | extend, blur, sharpen, composite | |
 */
export const station = {
  turnFirst: 10,
  extractFirst: 20,
  flatten: 30,
  resize: 40,
  turn: 50,
  crop: 60,
  extractLast: 70,
  extend: 80,
  blur: 90,
  sharpen: 100,
  composite: 110,
} as const;
