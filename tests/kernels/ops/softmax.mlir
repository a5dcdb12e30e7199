#id4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#column4 = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, 0)>
func.func @main(%x: tensor<1x4x64x32xf32>) {
  %r = npu.undecided "softmax" ins(%x : tensor<1x4x64x32xf32>) -> (tensor<1x4x64x32xf32>) {
  ^bb0(%a: tensor<1x4x64x32xf32>):
    %lowest = arith.constant 0xFF800000 : f32
    %zero = arith.constant 0.0 : f32
    %columns = tensor.empty() : tensor<1x4x64x1xf32>
    %tile = tensor.empty() : tensor<1x4x64x32xf32>
    %start = linalg.fill ins(%lowest : f32) outs(%columns : tensor<1x4x64x1xf32>) -> tensor<1x4x64x1xf32>
    %none = linalg.fill ins(%zero : f32) outs(%columns : tensor<1x4x64x1xf32>) -> tensor<1x4x64x1xf32>
    %top = linalg.generic {indexing_maps = [#id4, #column4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%a : tensor<1x4x64x32xf32>) outs(%start : tensor<1x4x64x1xf32>) {
    ^bb1(%in: f32, %out: f32):
      %1 = arith.maximumf %in, %out : f32
      linalg.yield %1 : f32
    } -> tensor<1x4x64x1xf32>
    %raised = linalg.generic {indexing_maps = [#id4, #column4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%a, %top : tensor<1x4x64x32xf32>, tensor<1x4x64x1xf32>) outs(%tile : tensor<1x4x64x32xf32>) {
    ^bb1(%in: f32, %max: f32, %out: f32):
      %1 = arith.subf %in, %max : f32
      %2 = math.exp %1 : f32
      linalg.yield %2 : f32
    } -> tensor<1x4x64x32xf32>
    %sum = linalg.generic {indexing_maps = [#id4, #column4], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%raised : tensor<1x4x64x32xf32>) outs(%none : tensor<1x4x64x1xf32>) {
    ^bb1(%in: f32, %out: f32):
      %1 = arith.addf %in, %out : f32
      linalg.yield %1 : f32
    } -> tensor<1x4x64x1xf32>
    %share = linalg.generic {indexing_maps = [#id4, #column4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%raised, %sum : tensor<1x4x64x32xf32>, tensor<1x4x64x1xf32>) outs(%tile : tensor<1x4x64x32xf32>) {
    ^bb1(%in: f32, %total: f32, %out: f32):
      %1 = arith.divf %in, %total : f32
      linalg.yield %1 : f32
    } -> tensor<1x4x64x32xf32>
    npu.yield %share : tensor<1x4x64x32xf32>
  }
  func.return
}
