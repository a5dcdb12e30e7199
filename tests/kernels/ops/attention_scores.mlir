
func.func @main(%x: tensor<2x64x1x128xf32>) {
  %r = npu.undecided "scores" ins(%x : tensor<2x64x1x128xf32>) -> (tensor<4x64x64xf32>) {
  ^bb0(%a: tensor<2x64x1x128xf32>):
    %zero = arith.constant 0.0 : f32
    %q0 = tensor.extract_slice %a[0, 0, 0, 0] [1, 64, 1, 128] [1, 1, 1, 1] : tensor<2x64x1x128xf32> to tensor<1x64x1x128xf32>
    %k0 = tensor.extract_slice %a[1, 0, 0, 0] [1, 64, 1, 128] [1, 1, 1, 1] : tensor<2x64x1x128xf32> to tensor<1x64x1x128xf32>
    %q1 = tensor.collapse_shape %q0 [[0, 1], [2, 3]] : tensor<1x64x1x128xf32> into tensor<64x128xf32>
    %k1 = tensor.collapse_shape %k0 [[0, 1], [2, 3]] : tensor<1x64x1x128xf32> into tensor<64x128xf32>
    %q = tensor.expand_shape %q1 [[0], [1, 2]] output_shape [64, 4, 32] : tensor<64x128xf32> into tensor<64x4x32xf32>
    %k = tensor.expand_shape %k1 [[0], [1, 2]] output_shape [64, 4, 32] : tensor<64x128xf32> into tensor<64x4x32xf32>
    %e = tensor.empty() : tensor<4x64x64xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x64x64xf32>) -> tensor<4x64x64xf32>
    %s = linalg.generic {indexing_maps = [affine_map<(h, i, j, d) -> (i, h, d)>, affine_map<(h, i, j, d) -> (j, h, d)>, affine_map<(h, i, j, d) -> (h, i, j)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%q, %k : tensor<64x4x32xf32>, tensor<64x4x32xf32>) outs(%f : tensor<4x64x64xf32>) {
    ^bb1(%l: f32, %r: f32, %out: f32):
      %1 = arith.mulf %l, %r : f32
      %2 = arith.addf %out, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<4x64x64xf32>
    npu.yield %s : tensor<4x64x64xf32>
  }
  func.return
}
