#id2 = affine_map<(d0, d1) -> (d0, d1)>
#head2 = affine_map<(d0, d1) -> (d0)>
func.func @main(%x: tensor<64x60xf32>) {
  %r = npu.undecided "norm" ins(%x : tensor<64x60xf32>) -> (tensor<64x60xf32>) {
  ^bb0(%a: tensor<64x60xf32>):
    %zero = arith.constant 0.0 : f32
    %n = arith.constant 60.0 : f32
    %eps = arith.constant 1.0e-05 : f32
    %rows = tensor.empty() : tensor<64xf32>
    %tile = tensor.empty() : tensor<64x60xf32>
    %start = linalg.fill ins(%zero : f32) outs(%rows : tensor<64xf32>) -> tensor<64xf32>
    %sum = linalg.generic {indexing_maps = [#id2, #head2], iterator_types = ["parallel", "reduction"]} ins(%a : tensor<64x60xf32>) outs(%start : tensor<64xf32>) {
    ^bb1(%in: f32, %out: f32):
      %1 = arith.addf %in, %out : f32
      linalg.yield %1 : f32
    } -> tensor<64xf32>
    %centred = linalg.generic {indexing_maps = [#id2, #head2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %sum : tensor<64x60xf32>, tensor<64xf32>) outs(%tile : tensor<64x60xf32>) {
    ^bb1(%in: f32, %total: f32, %out: f32):
      %1 = arith.divf %total, %n : f32
      %2 = arith.subf %in, %1 : f32
      linalg.yield %2 : f32
    } -> tensor<64x60xf32>
    %squares = linalg.generic {indexing_maps = [#id2, #head2], iterator_types = ["parallel", "reduction"]} ins(%centred : tensor<64x60xf32>) outs(%start : tensor<64xf32>) {
    ^bb1(%in: f32, %out: f32):
      %1 = arith.mulf %in, %in : f32
      %2 = arith.addf %1, %out : f32
      linalg.yield %2 : f32
    } -> tensor<64xf32>
    %scaled = linalg.generic {indexing_maps = [#id2, #head2, #id2], iterator_types = ["parallel", "parallel"]} ins(%centred, %squares : tensor<64x60xf32>, tensor<64xf32>) outs(%tile : tensor<64x60xf32>) {
    ^bb1(%in: f32, %total: f32, %out: f32):
      %1 = arith.divf %total, %n : f32
      %2 = arith.addf %1, %eps : f32
      %3 = math.rsqrt %2 : f32
      %4 = arith.mulf %in, %3 : f32
      linalg.yield %4 : f32
    } -> tensor<64x60xf32>
    npu.yield %scaled : tensor<64x60xf32>
  }
  func.return
}
